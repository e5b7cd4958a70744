// All audit records of one operation, side by side.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Cards from "@cloudscape-design/components/cards";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import { useEffect, useState } from "react";
import type { AuditRecord, Refusal, Service } from "./service";
import { moment } from "./words";
import "./records.css";

const SECTIONS = [
  { id: "at", header: "Recorded at", content: ({ timestamp }: AuditRecord) => moment(timestamp) },
  { id: "by", header: "Recorded by", content: ({ recorded_by }: AuditRecord) => recorded_by },
  { id: "who", header: "Requested by", content: ({ user_identity }: AuditRecord) => user_identity.principal ?? "-" },
  { id: "why", header: "Environment", content: ({ environment, environment_source }: AuditRecord) => `${environment}: ${environment_source}` },
  { id: "success", header: "Success", content: ({ event, success }: AuditRecord) => (event === "accepted" ? "Not known yet" : success ? "Yes" : "No") },
  {
    id: "whole",
    content: (record: AuditRecord) => (
      <ExpandableSection headerText="The whole record">
        <pre className="whole">{JSON.stringify(record, null, 2)}</pre>
      </ExpandableSection>
    ),
  },
];

export function Records({ service, id, isOver }: { service: Service; id: string; isOver: boolean }) {
  const [records, setRecords] = useState<AuditRecord[]>();
  const [failure, setFailure] = useState("");
  useEffect(() => {
    let isHere = true;
    service.records({ operation_id: id, limit: 100 }).then(
      (page) => isHere && setRecords(page.records.toReversed()),
      (error: Refusal) => isHere && setFailure(error.message),
    );
    return () => {
      isHere = false;
    };
  }, [service, id, isOver]);
  if (failure) return <Alert type="warning" header="The records could not be read">{failure}</Alert>;
  return (
    <Cards
      items={records ?? []}
      loading={!records}
      loadingText="Reading the records"
      trackBy="audit_id"
      header={<Header variant="h2">Audit records</Header>}
      cardDefinition={{ header: ({ event }) => event, sections: SECTIONS }}
      cardsPerRow={[{ cards: 1 }, { minWidth: 600, cards: 2 }, { minWidth: 1600, cards: 3 }]}
      empty={<Box textAlign="center">None yet. A new record may take a second to appear.</Box>}
      ariaLabels={{ itemSelectionLabel: (_data, { event }) => event, selectionGroupLabel: "Records" }}
    />
  );
}
