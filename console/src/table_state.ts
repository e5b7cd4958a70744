/** A table's filter as text for the URL. Anybody may have written the URL: what is not a filter counts as none. */
import type { PropertyFilterProps } from "@cloudscape-design/components/property-filter";

type Query = PropertyFilterProps.Query;

const OPERATORS = ["=", "!=", ":", "!:"];

const isToken = (token: unknown): token is PropertyFilterProps.Token => {
  if (typeof token !== "object" || token === null) return false;
  const { propertyKey, operator, value } = token as Record<string, unknown>;
  return (
    (propertyKey === undefined || typeof propertyKey === "string") &&
    OPERATORS.includes(String(operator)) &&
    typeof value === "string"
  );
};

export function readFilter(text: string | null): Query {
  try {
    const [operation, ...tokens] = JSON.parse(text ?? "") as unknown[];
    if ((operation === "and" || operation === "or") && tokens.every(isToken)) return { operation, tokens };
  } catch {
    // Not a filter.
  }
  return { operation: "and", tokens: [] };
}

export const filterText = ({ operation, tokens }: Query): string =>
  tokens.length ? JSON.stringify([operation, ...tokens.map(({ propertyKey, operator, value }) => ({ propertyKey, operator, value }))]) : "";
