// Why something may not be done with an instance, and what to do instead: in the service's own sentences.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { Refused } from "./refused";
import type { Instance, Live, OperationName } from "./service";
import { Status } from "./status";
import { NAMES, OPERATIONS } from "./words";

type Answers = Pick<Instance, "operations"> | Pick<Live, "operations">;

export function WhyNot({ instance, onClose }: { instance: Instance; onClose: () => void }) {
  return (
    <Modal
      visible
      header={instance.instance_id}
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onClose}>
            Close
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Box>
          Its environment is {instance.environment}. Decided by: {instance.environment_source}.
        </Box>
        <Reasons operations={instance.operations} />
      </SpaceBetween>
    </Modal>
  );
}

/** Say each sentence once, with all the operations that it refuses. */
export function Reasons({ operations }: Answers) {
  const found = reasons({ operations });
  return (
    found.length > 0 && (
      <SpaceBetween size="m">
        <Box variant="h3">What you may not do, and why</Box>
        {found.map(({ error, hint, names }) => (
          <SpaceBetween key={error} size="xxs">
            <Status type="stopped">{names.map((name) => OPERATIONS[name].name).join(", ")}</Status>
            <Refused error={error} hint={hint} />
          </SpaceBetween>
        ))}
      </SpaceBetween>
    )
  );
}

function reasons({ operations }: Answers): { error: string; hint: string; names: OperationName[] }[] {
  const found = new Map<string, { error: string; hint: string; names: OperationName[] }>();
  for (const name of NAMES) {
    const answer = operations[name];
    if (answer.allowed) continue;
    const { error, hint = "" } = answer;
    const reason = found.get(error) ?? { error, hint, names: [] };
    found.set(error, { ...reason, names: [...reason.names, name] });
  }
  return [...found.values()];
}
