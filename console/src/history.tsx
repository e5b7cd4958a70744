// What was done and refused: one's own, or for auditors everybody's.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useEffect, useState, useSyncExternalStore } from "react";
import { csv, download } from "./csv";
import { HistoryFilters } from "./history_filters";
import { href } from "./location";
import { type Filters, filtersOf, type Page, read, type Row } from "./past";
import { Refused } from "./refused";
import type { Refusal } from "./service";
import type { Session } from "./session";
import { Status } from "./status";
import type { Watch } from "./watch";
import { moment, placeOf, sentences } from "./words";

const MOST_EXPORTED = 5_000;

const FROM = {
  requested_at: "at",
  ended_at: "endedAt",
  operation: "operation",
  instance_id: "instance",
  account_id: "account",
  region: "region",
  parameters: "parameters",
  outcome: "outcome",
  requested_by: "who",
  message: "said",
  operation_id: "id",
} as const;
const EXPORTED = Object.keys(FROM) as (keyof typeof FROM)[];

const Instance = ({ instance, account, region }: Row) => (
  <>
    {instance}
    {account !== "-" && <Box variant="small" display="block">{placeOf({ account_id: account, region })}</Box>}
  </>
);

const COLUMNS = [
  { id: "at", header: "Requested at", isRowHeader: true, minWidth: 190, cell: (row: Row) => (row.id ? <Link href={href(`/operations/${row.id}`)}>{moment(row.at)}</Link> : moment(row.at)) },
  { id: "operation", header: "Operation", cell: (row: Row) => row.operation },
  { id: "instance", header: "Instance", minWidth: 185, cell: Instance },
  { id: "outcome", header: "Outcome", minWidth: 135, cell: (row: Row) => <Status type={row.type}>{row.outcome}</Status> },
  { id: "who", header: "Requested by", minWidth: 140, cell: (row: Row) => row.who },
  { id: "said", header: "Message", minWidth: 200, cell: (row: Row) => (row.said ? <Refused error={row.said} /> : "-") },
];

interface Props {
  session: Session;
  watch: Watch;
  query: URLSearchParams;
  onRefusal: (error: Refusal) => void;
}

export function History({ session, watch, query, onRefusal }: Props) {
  const [page, setPage] = useState<Page>();
  const [failure, setFailure] = useState<Refusal>();
  const [look, setLook] = useState(0);
  const running = useSyncExternalStore(watch.subscribe, () => watch.running().length); // when one ends, what is shown is old
  const asked = query.toString();
  const filters = filtersOf(query);

  useEffect(() => {
    let isHere = true;
    setPage(undefined);
    setFailure(undefined);
    const given = new URLSearchParams(asked);
    read(session.service, filtersOf(given), given.get("next") ?? undefined).then(
      (found) => isHere && setPage(found),
      (error: Refusal) => {
        if (!isHere) return;
        onRefusal(error);
        setFailure(error);
      },
    );
    return () => {
      isHere = false;
    };
  }, [session, asked, look, running, onRefusal]);

  const again = (
    <Button iconName="refresh" ariaLabel="Read the history again" onClick={() => setLook(look + 1)} />
  );
  return (
    <SpaceBetween size="m">
      {failure && (
        <Alert type="error" header="The history could not be read" action={again}>
          {failure.message} {failure.hint}
        </Alert>
      )}
      <Table
        variant="full-page"
        stickyHeader
        wrapLines
        trackBy="key"
        columnDefinitions={COLUMNS}
        items={page?.rows ?? []}
        loading={!page && !failure}
        loadingText="Reading the history"
        enableKeyboardNavigation
        ariaLabels={{ tableLabel: "History" }}
        empty={<Box textAlign="center">{failure ? "Nothing was read." : nothing(filters, page)}</Box>}
        header={
          <Header variant="h1" description={seenBy(session)} actions={<Actions session={session} filters={filters} again={again} onRefusal={onRefusal} />}>
            History
          </Header>
        }
        filter={<HistoryFilters key={asked} filters={filters} isAuditor={session.me.auditor} />}
        footer={<Pages query={query} next={page?.next} />}
      />
    </SpaceBetween>
  );
}

function nothing({ instance, outcome }: Filters, page?: Page): string {
  if (page?.next) return "Nothing on this page fits. There may be more on the next.";
  return sentences(page?.note, instance && "The name of an instance must be whole", outcome ? "" : "Refused requests are listed apart: choose them under Outcome");
}

const seenBy = ({ me }: Session): string =>
  me.auditor
    ? "You are an auditor: everybody's operations and refusals."
    : `Your own, as ${me.principal}. If you sign in another way, you count as another caller, with a history of its own.`;

interface ActionsProps {
  session: Session;
  filters: Filters;
  again: React.ReactNode;
  onRefusal: (error: Refusal) => void;
}

function Actions({ session, filters, again, onRefusal }: ActionsProps) {
  const [isBusy, setBusy] = useState(false);
  const [said, setSaid] = useState("");

  const exported = async (): Promise<void> => {
    setBusy(true);
    try {
      const rows: Row[] = [];
      let next: string | undefined;
      do {
        const page = await read(session.service, filters, next, 100);
        rows.push(...page.rows);
        next = page.next;
      } while (next && rows.length < MOST_EXPORTED);
      download(`rds-operations-${filters.outcome || "operations"}-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.csv`, csv(EXPORTED, rows.map((row) => EXPORTED.map((name) => row[FROM[name]]))));
      setSaid(next ? `The file has the newest ${rows.length}: there are more.` : "");
    } catch (error) {
      onRefusal(error as Refusal);
      setSaid((error as Refusal).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <SpaceBetween direction="horizontal" size="xs" alignItems="center">
      {said && <Status type="warning">{said}</Status>}
      {again}
      <Button iconName="download" loading={isBusy} onClick={() => void exported()}>
        Export as CSV
      </Button>
    </SpaceBetween>
  );
}

/** The way back is the browser's. */
function Pages({ query, next }: { query: URLSearchParams; next?: string }) {
  const here = Object.fromEntries(query);
  return (
    <SpaceBetween direction="horizontal" size="m">
      {query.get("next") && <Link href={href("/history", { ...here, next: "" })}>First page</Link>}
      {next && <Link href={href("/history", { ...here, next })}>Next page</Link>}
    </SpaceBetween>
  );
}
