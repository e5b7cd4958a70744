// The instances that the service knows, what decided their environment, and what may be done with each.
import { useCollection } from "@cloudscape-design/collection-hooks";
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import PropertyFilter from "@cloudscape-design/components/property-filter";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useEffect, useMemo, useState } from "react";
import { columnsOf, FILTERS, rowOf } from "./instance_rows";
import { keep, useLocation } from "./location";
import { type Instance, type Place, Refusal } from "./service";
import type { Session } from "./session";
import { filterText, readFilter } from "./table_state";
import { WhyNot } from "./why_not";
import { moment, placeOf } from "./words";

const ROWS = 25;

interface Props {
  session: Session;
  onRefusal: (error: Refusal) => void;
}

export function Instances({ session, onRefusal }: Props) {
  const [found, setFound] = useState<Instance[]>([]);
  const [places, setPlaces] = useState<Place[]>([]);
  const [isLoading, setLoading] = useState(true);
  const [failure, setFailure] = useState("");
  const [look, setLook] = useState(0);
  const [asked, setAsked] = useState<Instance>();

  useEffect(() => {
    const leaving = new AbortController();
    setLoading(true);
    setFailure("");
    session.service
      .instances(leaving.signal, (instances, seen) => {
        setFound(instances);
        setPlaces(seen);
      })
      .catch((error) => {
        if (leaving.signal.aborted) return;
        onRefusal(error);
        setFailure(error.message);
      })
      .finally(() => leaving.signal.aborted || setLoading(false));
    return () => leaving.abort();
  }, [session, look, onRefusal]);

  const { query } = useLocation();
  const columns = useMemo(() => columnsOf(setAsked), []);
  const rows = useMemo(() => found.map(rowOf), [found]);
  const sort = query.get("sort") ?? "name";
  const { items, collectionProps, propertyFilterProps, paginationProps, filteredItemsCount, actions } = useCollection(rows, {
    propertyFiltering: {
      filteringProperties: FILTERS,
      defaultQuery: readFilter(query.get("filter"), FILTERS.map(({ key }) => key)),
      empty: <Nothing text="No instances" more="The service has not listed any yet, or you may not see them." />,
      noMatch: (
        <Nothing text="No matches" more="No instance fits the filter.">
          <Button onClick={() => actions.setPropertyFiltering({ tokens: [], operation: "and" })}>Clear the filter</Button>
        </Nothing>
      ),
    },
    sorting: {
      defaultState: {
        sortingColumn: columns.find(({ id }) => id === sort.replace(/^-/, "")) ?? columns[0],
        isDescending: sort.startsWith("-"),
      },
    },
    pagination: { pageSize: ROWS, defaultPage: Math.max(1, Number.parseInt(query.get("page") ?? "1", 10) || 1) },
  });

  const filter = filterText(propertyFilterProps.query);
  const sorted = `${collectionProps.sortingDescending ? "-" : ""}${(collectionProps.sortingColumn as { id?: string } | undefined)?.id ?? "name"}`;
  const page = paginationProps.currentPageIndex;
  useEffect(() => {
    if (isLoading) return; // a page that is not there yet must not become the first
    keep("/instances", { filter, sort: sorted === "name" ? "" : sorted, page: page > 1 ? String(page) : "" });
  }, [filter, sorted, page, isLoading]);

  return (
    <SpaceBetween size="m">
      {failure && (
        <Alert type="error" header="The instances could not be read" action={<Button onClick={() => setLook(look + 1)}>Try again</Button>}>
          {failure}
        </Alert>
      )}
      <Table
        {...collectionProps}
        variant="full-page"
        stickyHeader
        wrapLines
        trackBy="key"
        columnDefinitions={columns}
        items={items}
        loading={isLoading && found.length === 0}
        loadingText="Loading the instances"
        enableKeyboardNavigation
        ariaLabels={{ tableLabel: "Instances" }}
        header={
          <Header
            variant="h1"
            counter={`(${filteredItemsCount === rows.length || filteredItemsCount === undefined ? rows.length : `${filteredItemsCount}/${rows.length}`})`}
            description={<Seen places={places} />}
            actions={<Button iconName="refresh" ariaLabel="Read the instances again" loading={isLoading} onClick={() => setLook(look + 1)} />}
          >
            Instances
          </Header>
        }
        filter={
          <PropertyFilter
            {...propertyFilterProps}
            filteringPlaceholder="Find instances by name or by property"
            filteringAriaLabel="Find instances"
            virtualScroll
            expandToViewport
            countText={`${filteredItemsCount} ${filteredItemsCount === 1 ? "match" : "matches"}`}
          />
        }
        pagination={<Pagination {...paginationProps} ariaLabels={{ paginationLabel: "Pages of instances" }} />}
      />
      {asked && <WhyNot instance={asked} onClose={() => setAsked(undefined)} />}
    </SpaceBetween>
  );
}

function Nothing({ text, more, children }: { text: string; more: string; children?: React.ReactNode }) {
  return (
    <Box textAlign="center" color="inherit">
      <Box variant="strong">{text}</Box>
      <Box variant="p" color="inherit" padding={{ bottom: "s" }}>
        {more}
      </Box>
      {children}
    </Box>
  );
}

function Seen({ places }: { places: Place[] }) {
  const unseen = places.filter((place) => place.seen_at === null);
  const seen = places.flatMap((place) => place.seen_at ?? []).sort();
  return (
    <>
      {seen.length > 0 && `Listed at ${moment(seen[0])}. An instance's own page shows it as it is now.`}
      {unseen.length > 0 && ` Never listed: ${unseen.map(placeOf).join(", ")}.`}
    </>
  );
}
