// The form of an operation, made from the API document; a dry run comes before the confirmation.
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { type FormEvent, useEffect, useState } from "react";
import { Confirmation } from "./confirmation";
import { type Field, fieldsOf, problem } from "./document";
import { FlagField, type Tag, TagsField, TextField, wrongKey } from "./fields";
import { initial, unavailable, useless, type Value } from "./known_fields";
import { href, instancePath } from "./location";
import { Refused } from "./refused";
import type { DryRun, Live, OperationName, Refusal, Request } from "./service";
import type { Session } from "./session";
import { OPERATIONS } from "./words";

type Values = Record<string, Value>;

interface Props {
  session: Session;
  live: Live;
  operation: OperationName;
  onRefusal: (error: Refusal) => void;
}

export function OperationForm({ session, live, operation, onRefusal }: Props) {
  const [fields, setFields] = useState<Field[]>();
  const [values, setValues] = useState<Values>({});
  const [isChecked, setChecked] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<{ message: string; hint?: string }>();
  const [verdict, setVerdict] = useState<DryRun>();

  useEffect(() => {
    fieldsOf(operation).then((found) => {
      setFields(found);
      setValues(Object.fromEntries(found.map((field) => [field.name, initial(field, live)])));
    }, setRefusal);
  }, [operation, live]);

  const request = (): Request =>
    ({
      operation,
      instance_id: live.instance_id,
      account_id: live.account_id,
      region: live.region,
      parameters: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && !(Array.isArray(value) && value.length === 0))),
    }) as Request;

  const wrong = (field: Field): string => {
    const value = values[field.name] ?? "";
    if (Array.isArray(value)) return value.map((tag) => wrongKey(value, tag)).find(Boolean) ?? "";
    return field.kind === "text" ? problem(field, String(value)) || useless(field, String(value), live) : "";
  };

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setChecked(true);
    if (isBusy || !fields || fields.some(wrong)) return;
    setBusy(true);
    setRefusal(undefined);
    try {
      const found = await session.service.tried(request());
      if (found.warnings.length > 0) setRefusal({ message: found.warnings.join(" ") });
      else setVerdict(found);
    } catch (error) {
      onRefusal(error as Refusal);
      setRefusal(error as Refusal);
    } finally {
      setBusy(false);
    }
  };

  if (!fields && !refusal) return <Spinner />;
  const change = (name: string, value: Value): void => {
    setValues({ ...values, [name]: value });
    setRefusal(undefined);
  };
  return (
    <form onSubmit={submit} aria-label={OPERATIONS[operation].act}>
      <Form
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" formAction="none" href={href(instancePath(live))}>
              Cancel
            </Button>
            <Button variant="primary" loading={isBusy}>
              Check and continue
            </Button>
          </SpaceBetween>
        }
      >
        <Container header={<Header variant="h2">{OPERATIONS[operation].act}</Header>}>
          <SpaceBetween size="m">
            {fields?.map((field) => {
              const value = values[field.name];
              if (field.kind === "flag") return <FlagField key={field.name} field={field} value={value === true} why={unavailable(field, live)} onChange={(flag) => change(field.name, flag)} />;
              if (field.kind === "tags") return <TagsField key={field.name} field={field} value={(value ?? []) as Tag[]} isChecked={isChecked} onChange={(tags) => change(field.name, tags)} />;
              const text = String(value ?? "");
              return <TextField key={field.name} field={field} value={text} error={isChecked ? wrong(field) : text && problem(field, text)} onChange={(typed) => change(field.name, typed)} />;
            })}
            {refusal && (
              <Alert type="error" header="This would be refused">
                <Refused error={refusal.message} hint={refusal.hint} />
              </Alert>
            )}
          </SpaceBetween>
        </Container>
      </Form>
      {verdict && (
        <Confirmation session={session} live={live} request={request()} verdict={verdict} onRefusal={onRefusal} onClose={() => setVerdict(undefined)} />
      )}
    </form>
  );
}
