// Which part of the history: the filters go into the URL.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { type FormEvent, useState } from "react";
import { go } from "./location";
import { type Filters, OUTCOMES } from "./past";

export function HistoryFilters({ filters, isAuditor }: { filters: Filters; isAuditor: boolean }) {
  const [typed, setTyped] = useState(filters);
  const apply = (chosen: Filters): void => go("/history", { ...chosen, instance: chosen.instance.trim().toLowerCase() });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    apply(typed);
  };
  const text = (name: keyof Filters, label: string, placeholder = "", constraint = "") => (
    <FormField label={label} constraintText={constraint}>
      <Input value={typed[name]} placeholder={placeholder} onChange={({ detail }) => setTyped({ ...typed, [name]: detail.value })} />
    </FormField>
  );
  return (
    <form onSubmit={submit} aria-label="Which part of the history">
      <ColumnLayout columns={isAuditor ? 3 : 4} minColumnWidth={160}>
        {text("instance", "Instance", "", "Its whole name")}
        <FormField label="Outcome">
          <Select
            options={OUTCOMES}
            selectedOption={OUTCOMES.find(({ value }) => value === typed.outcome) ?? OUTCOMES[0]}
            onChange={({ detail }) => apply({ ...typed, outcome: detail.selectedOption.value ?? "" })}
          />
        </FormField>
        {text("from", "From (UTC)", "2026-11-25")}
        {text("to", "To (UTC)", "2026-11-25T10:30")}
        {isAuditor && text("who", "Person, as records name them", "apikey:6d15f0f9")}
      </ColumnLayout>
      <Box padding={{ top: "s" }}>
        <Button>Apply the filters</Button>
      </Box>
    </form>
  );
}
