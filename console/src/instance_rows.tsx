// The table's columns, and what each row is found and sorted by.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import type { PropertyFilterProps } from "@cloudscape-design/components/property-filter";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { TableProps } from "@cloudscape-design/components/table";
import { href, instancePath } from "./location";
import type { Instance, OperationName } from "./service";
import { Status } from "./status";
import { allowedOf, NAMES, OPERATIONS, placeOf } from "./words";

export interface Row {
  key: string;
  name: string;
  place: string;
  engine: string;
  status: string;
  environment: string;
  decided: string;
  may: string;
  instance: Instance;
}

export function rowOf(instance: Instance): Row {
  return {
    key: `${placeOf(instance)} ${instance.instance_id}`,
    name: instance.instance_id,
    place: placeOf(instance),
    engine: instance.engine,
    status: instance.status,
    environment: instance.environment,
    decided: instance.environment_source,
    may: mayOf(instance),
    instance,
  };
}

/** Part what is allowed by whether the listed status lets it begin. */
function allowedIn(instance: Instance): { now: OperationName[]; later: OperationName[] } {
  const isReady = (name: OperationName): boolean => {
    const answer = instance.operations[name];
    return answer.allowed && answer.ready === true;
  };
  const allowed = allowedOf(instance);
  return { now: allowed.filter(isReady), later: allowed.filter((name) => !isReady(name)) };
}

function mayOf(instance: Instance): string {
  const { now, later } = allowedIn(instance);
  const said = [named(now), later.length > 0 && `once it is ready: ${named(later)}`].filter(Boolean).join("; ");
  return said ? said.charAt(0).toUpperCase() + said.slice(1) : "Nothing";
}

const named = (operations: OperationName[]): string => operations.map((name) => OPERATIONS[name].name).join(", ");

const NAMED = [
  ["name", "Name", "Names"],
  ["may", "What you may do", "What you may do"],
  ["place", "Account and Region", "Accounts and Regions"],
  ["engine", "Engine", "Engines"],
  ["status", "Status", "Statuses"],
  ["environment", "Environment", "Environments"],
  ["decided", "Decided by", "Decided by"],
] as const;

export const FILTERS: PropertyFilterProps.FilteringProperty[] = NAMED.map(([key, propertyLabel, many]) => ({
  key,
  propertyLabel,
  groupValuesLabel: many,
  operators: ["=", "!=", ":", "!:"],
}));

const LEAST_WIDTHS: Record<string, number> = { name: 190, may: 200, environment: 220 };

const CELLS: Record<string, (row: Row, ask: (instance: Instance) => void) => React.ReactNode> = {
  name: ({ instance }) => (
    <Link href={href(instancePath(instance))}>{instance.instance_id}</Link>
  ),
  environment: ({ environment, decided }) => (
    <>
      {environment}
      <Box variant="small" display="block">
        {decided}
      </Box>
    </>
  ),
  may: (row, ask) => <May instance={row.instance} ask={ask} />,
};

/** What decided the environment stands below it. */
export const columnsOf = (ask: (instance: Instance) => void): TableProps.ColumnDefinition<Row>[] =>
  NAMED.filter(([id]) => id !== "decided").map(([id, header]) => ({
    id,
    header,
    sortingField: id,
    isRowHeader: id === "name",
    minWidth: LEAST_WIDTHS[id],
    cell: (row: Row) => CELLS[id]?.(row, ask) ?? row[id],
  }));

function May({ instance, ask }: { instance: Instance; ask: (instance: Instance) => void }) {
  const { now, later } = allowedIn(instance);
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Status type={now.length > 0 ? "success" : later.length > 0 ? "pending" : "stopped"}>{mayOf(instance)}</Status>
      {now.length + later.length < NAMES.length && (
        <Button variant="inline-link" ariaLabel={`Why not, for ${instance.instance_id}`} onClick={() => ask(instance)}>
          Why not?
        </Button>
      )}
    </SpaceBetween>
  );
}
