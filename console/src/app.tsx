// The frame of all views: who is signed in, where one is, and what went wrong.
import Alert from "@cloudscape-design/components/alert";
import AppLayout from "@cloudscape-design/components/app-layout";
import ErrorBoundary from "@cloudscape-design/components/error-boundary";
import SpaceBetween from "@cloudscape-design/components/space-between";
import SideNavigation from "@cloudscape-design/components/side-navigation";
import Spinner from "@cloudscape-design/components/spinner";
import TopNavigation from "@cloudscape-design/components/top-navigation";
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Config } from "./config";
import { History } from "./history";
import { InstanceView } from "./instance";
import { Instances } from "./instances";
import { useLocation } from "./location";
import { Notices } from "./notices";
import { OperationView } from "./operation";
import { CloudOpsUrl } from "./refused";
import { type Me, Refusal } from "./service";
import { forget, mayResume, resumed, type Session } from "./session";
import { SignIn } from "./sign_in";
import { Watch } from "./watch";

const LINKS = [
  { type: "link", text: "Instances", href: "#/instances" },
  { type: "link", text: "History", href: "#/history" },
  { type: "divider" },
  { type: "link", text: "The API", href: "api.html", external: true },
] as const;

export function App({ config }: { config: Config | string }) {
  const [session, setSession] = useState<Session>();
  const [isReturning, setReturning] = useState(typeof config !== "string");
  const [expired, setExpired] = useState("");

  const leave = useCallback(
    (why = ""): void => {
      forget();
      void (why ? session?.pool?.forget() : session?.pool?.leave());
      setExpired(why);
      setSession(undefined);
    },
    [session],
  );

  useEffect(() => {
    if (typeof config === "string") return;
    document.title = config.title;
    resumed(config)
      .then(setSession, (error: Error) => {
        if (error instanceof Refusal && error.isSignedOut) forget();
        setExpired(error.message);
      })
      .finally(() => setReturning(false));
  }, [config]);

  const { path } = useLocation();
  const isList = session !== undefined && ["/", "/instances", "/history"].includes(path); // which may be as wide as the window
  const title = typeof config === "string" ? "RDS Operations" : config.title;
  const view = () => {
    if (typeof config === "string") return <Alert type="error">{config}</Alert>;
    if (isReturning) return <Spinner size="large" />;
    if (!session) return <SignIn config={config} why={expired} onSignedIn={setSession} />;
    return (
      <CloudOpsUrl.Provider value={config.cloudops_url}>
        <Views session={session} onSignedOut={leave} />
      </CloudOpsUrl.Provider>
    );
  };

  return (
    <>
      <div id="top">
        <TopNavigation
          identity={{ href: "#/instances", title }}
          utilities={
            session
              ? [
                  {
                    type: "menu-dropdown",
                    text: session.me.userId,
                    description: described(session.me, title),
                    iconName: "user-profile",
                    items: [{ id: "sign-out", text: "Sign out" }],
                    onItemClick: () => leave(),
                  },
                ]
              : []
          }
        />
      </div>
      <AppLayout
        headerSelector="#top"
        toolsHide
        {...(isList ? { contentType: "table" } : { maxContentWidth: 1440 })}
        navigationHide={!session && !(isReturning && mayResume())}
        ariaLabels={{
          navigation: "Views",
          navigationClose: "Close the list of views",
          navigationToggle: "Open the list of views",
          notifications: "Notifications",
        }}
        navigation={<Navigation />}
        content={view()}
      />
    </>
  );
}

const described = ({ auditor, version }: Me, title: string): string => `${auditor ? "An auditor of" : "Signed in to"} ${title} ${version}`;

function Navigation() {
  const { path } = useLocation();
  return <SideNavigation header={{ text: "Views", href: "#/instances" }} items={LINKS} activeHref={`#${path === "/" ? "/instances" : path}`} />;
}

interface ViewsProps {
  session: Session;
  onSignedOut: (why: string) => void;
}

function Views({ session, onSignedOut }: ViewsProps) {
  const { path, query } = useLocation();
  const failed = useCallback(
    (error: Refusal): void => {
      if (error.isSignedOut) onSignedOut(error.message);
    },
    [onSignedOut],
  );
  const watch = useMemo(() => new Watch(session.service, failed), [session, failed]);
  useEffect(() => {
    void watch.resume(session.me.userId);
    return () => watch.close();
  }, [watch, session]);
  return (
    <SpaceBetween size="m">
      <Notices watch={watch} path={path} />
      <ErrorBoundary key={path} onError={({ error }) => console.error(error)}>
        {viewOf(path, query, session, watch, failed)}
      </ErrorBoundary>
    </SpaceBetween>
  );
}

function viewOf(path: string, query: URLSearchParams, session: Session, watch: Watch, failed: (error: Refusal) => void) {
  const [view, ...rest] = path.split("/").slice(1).map(decoded);
  if (view === "operations" && rest.length === 1) return <OperationView key={path} service={session.service} watch={watch} id={rest[0]} />;
  if (view === "instances" && rest.length === 3) {
    const [account, region, name] = rest;
    return <InstanceView key={path} session={session} named={{ account, region, name }} chosen={query.get("operation")} onRefusal={failed} />;
  }
  if (path === "/history") return <History session={session} watch={watch} query={query} onRefusal={failed} />;
  if (path === "/" || path === "/instances") return <Instances session={session} onRefusal={failed} />;
  return (
    <Alert type="warning" header="There is no such view">
      Choose one from the list of views.
    </Alert>
  );
}

/** Anybody may have written the URL. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
