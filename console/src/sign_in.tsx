// How one gets in: by the API key, or why this page cannot.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, useState } from "react";
import type { Config } from "./config";
import type { Refusal } from "./service";
import { type Session, signIn } from "./session";
import { UserPool } from "./user_pool";

interface Props {
  config: Config;
  why: string;
  onSignedIn: (session: Session) => void;
}

export function SignIn({ config, why, onSignedIn }: Props) {
  return (
    <ContentLayout
      defaultPadding
      maxContentWidth={640}
      header={
        <Header variant="h1" description="Snapshots, reboots and backup windows of non-production RDS instances">
          Sign in
        </Header>
      }
    >
      <SpaceBetween size="l">
        {why && <Alert type="warning">{why}</Alert>}
        {config.authentication === "api_key" ? <ByKey onSignedIn={onSignedIn} /> : config.sign_in ? <ByPool pool={new UserPool(config.sign_in, config.region)} /> : <Elsewhere {...config} />}
      </SpaceBetween>
    </ContentLayout>
  );
}

function ByKey({ onSignedIn }: Pick<Props, "onSignedIn">) {
  const [key, setKey] = useState("");
  const [wrong, setWrong] = useState("");
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (isBusy) return;
    if (!key.trim()) return setWrong("Enter the API key.");
    setBusy(true);
    try {
      onSignedIn(await signIn(key.trim()));
    } catch (error) {
      const refusal = error as Refusal;
      setWrong(refusal.isSignedOut ? "The API does not know this key. Ask those who gave you the link to this page." : refusal.message);
      setBusy(false);
    }
  };

  return (
    <form onSubmit={submit}>
      <Form actions={<Button variant="primary" loading={isBusy}>Sign in</Button>}>
        <Container>
          <FormField
            label="API key"
            description="It is kept for this tab, and forgotten when the tab is closed."
            errorText={wrong}
          >
            <Input
              type="password"
              value={key}
              autoComplete={false}
              autoFocus
              ariaRequired
              onChange={({ detail }) => {
                setKey(detail.value);
                setWrong("");
              }}
            />
          </FormField>
        </Container>
      </Form>
    </form>
  );
}

function ByPool({ pool }: { pool: UserPool }) {
  return (
    <Container>
      <SpaceBetween size="m">
        <Box>The user pool's own page asks for your name and password, and leads back here.</Box>
        <Button variant="primary" onClick={() => void pool.begin()}>
          Sign in
        </Button>
      </SpaceBetween>
    </Container>
  );
}

function Elsewhere({ authentication }: Pick<Config, "authentication">) {
  if (authentication === "cognito") {
    return (
      <Alert header="This page does not sign in with the user pool">
        The command line does: <Box variant="code">rds-ops login</Box>
      </Alert>
    );
  }
  return (
    <Alert header="This API takes requests that are signed with AWS credentials">
      A browser has none. The command line signs: <Box variant="code">rds-ops instances</Box>. Where the settings name{" "}
      <Box variant="code">api_key</Box> among the ways to authenticate, the page of that API lets you in.
    </Alert>
  );
}
