// A refusal in the service's own words, with a link to the request form that the words name.
import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { createContext, useContext } from "react";

/** The URL of the CloudOps request form; empty where the settings name none. */
export const CloudOpsUrl = createContext("");

export function Refused({ error, hint = "" }: { error: string; hint?: string }) {
  const form = useContext(CloudOpsUrl);
  return (
    <SpaceBetween size="xxs">
      <Box color="inherit">{error}</Box>
      {hint && <Box color="inherit">{hint}</Box>}
      {form && `${error} ${hint}`.includes("CloudOps request") && (
        <Link external externalIconAriaLabel="Opens in a new tab" href={form}>
          Create a CloudOps request
        </Link>
      )}
    </SpaceBetween>
  );
}
