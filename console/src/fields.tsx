// The fields of a form, one for each kind of parameter.
import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { type Field, labelOf } from "./document";

export interface Tag {
  Key: string;
  Value: string;
}

/** Return what is wrong with a tag's key beside the other tags, empty where nothing is. */
export function wrongKey(tags: Tag[], { Key }: Tag): string {
  if (!Key) return "Enter a key, or remove the tag.";
  return tags.filter((other) => other.Key === Key).length > 1 ? "Another tag has this key." : "";
}

interface Props<T> {
  field: Field;
  value: T;
  onChange: (value: T) => void;
}

/** Neither an identifier nor a time has a space: one that is typed or pasted is left out. */
export function TextField({ field, value, error, onChange }: Props<string> & { error: string }) {
  return (
    <FormField label={labelOf(field.name)} constraintText={field.description} errorText={error}>
      <Input value={value} ariaRequired={field.isRequired} onChange={({ detail }) => onChange(detail.value.replace(/\s/g, ""))} />
    </FormField>
  );
}

/** `why` says why it cannot be chosen; empty where it can. */
export function FlagField({ field, value, why, onChange }: Props<boolean> & { why: string }) {
  return (
    <Checkbox checked={value} disabled={why !== ""} description={why || field.description} onChange={({ detail }) => onChange(detail.checked)}>
      {labelOf(field.name)}
    </Checkbox>
  );
}

export function TagsField({ field, value, isChecked, onChange }: Props<Tag[]> & { isChecked: boolean }) {
  const changed = (index: number, part: Partial<Tag>): void =>
    onChange(value.map((tag, position) => (position === index ? { ...tag, ...part } : tag)));
  return (
    <FormField label={labelOf(field.name)} description={field.description} stretch>
      <AttributeEditor
        items={value}
        empty="No tags"
        addButtonText="Add a tag"
        removeButtonText="Remove"
        removeButtonAriaLabel={({ Key }) => `Remove the tag ${Key}`}
        disableAddButton={value.length >= (field.most ?? Number.POSITIVE_INFINITY)}
        onAddButtonClick={() => onChange([...value, { Key: "", Value: "" }])}
        onRemoveButtonClick={({ detail }) => onChange(value.filter((_tag, index) => index !== detail.itemIndex))}
        definition={[
          { label: "Key", errorText: (tag: Tag) => isChecked && wrongKey(value, tag), control: (tag: Tag, index) => <Input ariaLabel={`Key of tag ${index + 1}`} value={tag.Key} onChange={({ detail }) => changed(index, { Key: detail.value })} /> },
          { label: "Value", control: (tag: Tag, index) => <Input ariaLabel={`Value of tag ${index + 1}`} value={tag.Value} onChange={({ detail }) => changed(index, { Value: detail.value })} /> },
        ]}
      />
    </FormField>
  );
}
