/** The view and its state are in the URL's fragment, which is never sent: #/instances?sort=-environment */
import { useSyncExternalStore } from "react";

export interface Location {
  path: string;
  query: URLSearchParams;
}

export function parsed(hash: string): Location {
  const [path, query] = hash.replace(/^#/, "").split("?", 2);
  return { path: path || "/", query: new URLSearchParams(query) };
}

export function href(path: string, query: Record<string, string> = {}): string {
  const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ""));
  return given.size ? `#${path}?${given}` : `#${path}`;
}

export const instancePath = ({ account_id, region, instance_id }: { account_id: string; region: string; instance_id: string }): string =>
  `/instances/${account_id}/${region}/${instance_id}`;

export const go = (path: string, query?: Record<string, string>): void => {
  window.location.hash = href(path, query);
};

/** Write a view's state into the URL, without a step back for each key that is pressed. */
export const keep = (path: string, query: Record<string, string>): void => {
  window.history.replaceState(null, "", href(path, query));
};

const subscribe = (changed: () => void): (() => void) => {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
};

export const useLocation = (): Location => parsed(useSyncExternalStore(subscribe, () => window.location.hash));
