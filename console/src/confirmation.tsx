// Names the database and what it will feel; only then the request is sent.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { go } from "./location";
import { answered, keyFor } from "./pending";
import { Refused } from "./refused";
import type { DryRun, Live, Refusal, Request } from "./service";
import type { Session } from "./session";
import { effectOf, OPERATIONS } from "./words";

interface Props {
  session: Session;
  live: Live;
  request: Request;
  verdict: DryRun;
  onRefusal: (error: Refusal) => void;
  onClose: () => void;
}

export function Confirmation({ session, live, request, verdict, onRefusal, onClose }: Props) {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Refusal>();

  const confirm = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      const id = await session.service.started(request, keyFor(request));
      answered();
      go(`/operations/${id}`);
    } catch (error) {
      const refusal = error as Refusal;
      if (refusal.status >= 400 && refusal.status < 500 && refusal.status !== 429) answered();
      onRefusal(refusal);
      setFailure(refusal);
      setBusy(false);
    }
  };

  const { act } = OPERATIONS[request.operation];
  return (
    <Modal
      visible
      header={`${act}: ${live.instance_id}?`}
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" onClick={onClose}>
              Cancel
            </Button>
            <Button variant="primary" formAction="none" loading={isBusy} onClick={() => void confirm()}>
              {act}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Box>{effectOf(request, live)}</Box>
        <Box>
          {live.instance_id} in {live.account_id} {live.region} is {verdict.environment}: {verdict.environment_source}.
        </Box>
        {failure && (
          <Alert type="error" header={failure.status === 0 ? "No answer came" : "The service refused it"}>
            <Refused error={failure.message} hint={failure.hint} />
            {failure.status === 0 && "Trying again starts nothing twice: the request carries the same Idempotency-Key."}
          </Alert>
        )}
      </SpaceBetween>
    </Modal>
  );
}
