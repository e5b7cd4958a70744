// One instance as it is now, and what may be done with it.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useEffect, useState } from "react";
import { OperationForm } from "./operation_form";
import { href, instancePath } from "./location";
import type { Live, Refusal } from "./service";
import type { Session } from "./session";
import { Reasons } from "./why_not";
import { allowedOf, moment, NAMES, OPERATIONS, placeOf } from "./words";

interface Props {
  session: Session;
  named: { account: string; region: string; name: string };
  chosen: string | null;
  onRefusal: (error: Refusal) => void;
}

export function InstanceView({ session, named: { account, region, name }, chosen, onRefusal }: Props) {
  const [live, setLive] = useState<Live>();
  const [failure, setFailure] = useState("");
  const [look, setLook] = useState(0);

  useEffect(() => {
    let isHere = true;
    setFailure("");
    session.service.instance(name, account, region).then(
      (found) => isHere && setLive(found),
      (error: Refusal) => {
        if (!isHere) return;
        onRefusal(error);
        setFailure(error.message);
      },
    );
    return () => {
      isHere = false;
    };
  }, [session, name, account, region, look, onRefusal]);

  const again = <Button onClick={() => setLook(look + 1)}>Refresh</Button>;
  const actions = (
    <SpaceBetween direction="horizontal" size="xs">
      <Button href={href("/history", { instance: name })}>Past operations</Button>
      {again}
    </SpaceBetween>
  );
  const operation = NAMES.find((known) => known === chosen);
  return (
    <SpaceBetween size="l">
      <BreadcrumbGroup
        ariaLabel="Where you are"
        items={[
          { text: "Instances", href: "#/instances" },
          { text: name, href: "" },
        ]}
      />
      <Header variant="h1" actions={actions} description={`${account} ${region}`}>
        {name}
      </Header>
      {failure && (
        <Alert type="error" header="The instance could not be read" action={again}>
          {failure}
        </Alert>
      )}
      {!live && !failure && <Spinner size="large" />}
      {live && <Verdicts live={live} path={instancePath(live)} />}
      {live && operation && live.operations[operation].allowed && (
        <OperationForm key={operation} session={session} live={live} operation={operation} onRefusal={onRefusal} />
      )}
      {live && <Facts live={live} />}
    </SpaceBetween>
  );
}

function Verdicts({ live, path }: { live: Live; path: string }) {
  return (
    <Container header={<Header variant="h2">What you may do</Header>}>
      <SpaceBetween size="m">
        {live.running && (
          <Alert type="info" header={`${OPERATIONS[live.running.operation].name} has been running since ${moment(live.running.since)}`}>
            {live.running.operation_id ? (
              <Link href={href(`/operations/${live.running.operation_id}`)}>Watch it</Link>
            ) : (
              "Somebody else started it."
            )}
          </Alert>
        )}
        {allowedOf(live).length === 0 && <Box>Nothing.</Box>}
        <SpaceBetween direction="horizontal" size="xs">
          {allowedOf(live).map((name) => (
            <Button key={name} href={href(path, { operation: name })}>
              {OPERATIONS[name].act}
            </Button>
          ))}
        </SpaceBetween>
        <Reasons operations={live.operations} />
      </SpaceBetween>
    </Container>
  );
}

function Facts({ live }: { live: Live }) {
  const items = [
    { label: "Status", value: live.status },
    { label: "Environment", value: live.environment },
    { label: "Decided by", value: live.environment_source },
    { label: "Account and Region", value: placeOf(live) },
    { label: "Engine", value: `${live.engine} ${live.engine_version}` },
    { label: "Class", value: live.instance_class },
    { label: "Multi-AZ", value: live.multi_az ? "Yes" : "No" },
    { label: "Backup window (UTC)", value: live.backup_window },
    { label: "Maintenance window (UTC)", value: live.maintenance_window },
    { label: "Pending changes", value: live.pending_changes.join(", ") || "None" },
    { label: "Latest manual snapshots", value: live.snapshots.map(({ snapshot_id, status }) => `${snapshot_id} (${status})`).join(", ") || "None" },
    { label: "Read at", value: moment(live.seen_at) },
  ];
  return (
    <Container header={<Header variant="h2">The instance</Header>}>
      <KeyValuePairs columns={3} items={items} />
    </Container>
  );
}
