// One operation, live: the words first, then the picture, then what was asked.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import LiveRegion from "@cloudscape-design/components/live-region";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useEffect, useState } from "react";
import { type Graph, lit, readGraph } from "./graph";
import { executionPage, LOG_GROUP, logsPage } from "./aws_console";
import { href, instancePath } from "./location";
import { outcome } from "./outcome";
import { Picture } from "./picture";
import { Records } from "./records";
import type { Operation, Service } from "./service";
import { Status } from "./status";
import { useOperation, type Watch } from "./watch";
import { duration, instanceOf, moment, OPERATIONS, placeOf } from "./words";

export function OperationView({ service, watch, id }: { service: Service; watch: Watch; id: string }) {
  const operation = useOperation(watch, id);
  const drawn = useGraph();
  const isThere = operation && drawn; // all at once, so that nothing jumps
  return (
    <SpaceBetween size="l">
      <BreadcrumbGroup
        ariaLabel="Where you are"
        items={[
          { text: "Instances", href: "#/instances" },
          ...(operation ? [{ text: operation.instance_id, href: href(instancePath(instanceOf(operation))) }] : []),
          { text: id, href: "" },
        ]}
      />
      <Header variant="h1" description={id}>
        {operation ? `${OPERATIONS[operation.operation].name}: ${operation.instance_id}` : "Operation"}
      </Header>
      {watch.failure && (
        <Alert type="warning" header="The latest state could not be read">
          {watch.failure} The page goes on trying; the operation goes on by itself.
        </Alert>
      )}
      {!isThere && !watch.failure && <Spinner size="large" />}
      {isThere && <Stand operation={operation} service={service} />}
      {isThere && <Machine operation={operation} {...drawn} />}
      {isThere && <Asked operation={operation} />}
      {isThere && <Records service={service} id={id} isOver={operation.finished} />}
    </SpaceBetween>
  );
}

function Stand({ operation, service }: { operation: Operation; service: Service }) {
  const { type, short, said, next } = outcome(operation);
  const typical = useTypical(service, operation);
  return (
    <Container header={<Header variant="h2">Status</Header>}>
      <SpaceBetween size="m">
        <LiveRegion>
          <Status type={type}>{said}</Status>
        </LiveRegion>
        <Box>
          {next} {!operation.finished && typical && `It usually takes about ${typical}.`}
        </Box>
        <ProgressBar
          label="Progress"
          value={done(operation)}
          status={type === "success" || type === "error" ? type : "in-progress"}
          resultText={short}
          description={`The service has looked ${operation.polls} of at most ${operation.max_polls} times.`}
          additionalInfo={when(operation)}
        />
      </SpaceBetween>
    </Container>
  );
}

/** As RDS says, or as much of the time as has gone by. */
function done(operation: Operation): number {
  if (operation.finished) return 100;
  return operation.percent ?? (100 * operation.polls) / operation.max_polls;
}

function when(operation: Operation): string {
  if (operation.finished) return operation.ended_at ? `${endOf(operation)} at ${moment(operation.ended_at)}` : "";
  return operation.times_out_at ? `Time limit: ${moment(operation.times_out_at)}` : "";
}

const endOf = ({ status }: Operation): string => (status === "timeout" ? "Stopped waiting" : "Ended");

/** Return how long it usually takes on this instance, empty until that is known. */
function useTypical(service: Service, { instance_id, account_id, region, operation }: Operation): string {
  const [typical, setTypical] = useState("");
  useEffect(() => {
    service.instance(instance_id, account_id, region).then(
      ({ operations }) => setTypical(duration(operations[operation].typical_seconds)),
      () => setTypical(""),
    );
  }, [service, instance_id, account_id, region, operation]);
  return typical;
}

interface Drawn {
  graph?: Graph;
  failure?: string;
}

/** Return the definition's graph, or why it cannot be read; nothing until one of them is there. */
function useGraph(): Drawn | undefined {
  const [drawn, setDrawn] = useState<Drawn>();
  useEffect(() => {
    readGraph().then(
      (graph) => setDrawn({ graph }),
      (error: Error) => setDrawn({ failure: error.message }),
    );
  }, []);
  return drawn;
}

function Machine({ operation, graph, failure }: Drawn & { operation: Operation }) {
  return (
    <Container header={<Header variant="h2">The state machine</Header>}>
      {failure && <Alert type="warning">{failure}</Alert>}
      {graph && <Picture graph={graph} lit={lit(graph, operation)} />}
    </Container>
  );
}

function Asked({ operation }: { operation: Operation }) {
  const page = executionPage(operation);
  const logs = logsPage(operation);
  const given = Object.entries(operation.parameters)
    .filter(([, value]) => !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const items = [
    { label: "Instance", value: <Link href={href(instancePath(instanceOf(operation)))}>{operation.instance_id}</Link> },
    { label: "Account and Region", value: placeOf(instanceOf(operation)) },
    { label: "Environment", value: operation.environment },
    { label: "Requested by", value: operation.requested_by },
    { label: "Requested at", value: moment(operation.requested_at) },
    { label: operation.finished ? `${endOf(operation)} at` : "Ended at", value: operation.ended_at ? moment(operation.ended_at) : "Still running" },
    { label: "Parameters", value: given.join(", ") || "None" },
    { label: "Execution", value: page ? <Link external href={page}>In AWS's console</Link> : operation.execution_arn },
    { label: "Logs", value: logs ? <Link external href={logs}>In AWS's console</Link> : LOG_GROUP },
  ];
  return (
    <Container header={<Header variant="h2">Request</Header>}>
      <KeyValuePairs columns={3} items={items} />
    </Container>
  );
}
