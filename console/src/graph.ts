/** The deployed state machine, and where in it an operation is, from the states that it is known to have left. */
import type { Operation } from "./service";

export interface Node {
  id: string;
  type: string;
  comment: string;
  next: string[];
  caught: string[];
}

export interface Graph {
  start: string;
  nodes: Node[];
}

export interface Lit {
  passed: Set<string>;
  lines: Set<string>;
  /** Where it is, or where it ended. */
  at: string;
  is: "running" | "succeeded" | "failed";
}

let kept: Promise<Graph> | undefined;

export function readGraph(): Promise<Graph> {
  kept ??= fetch("operation.json").then((answer) => {
    if (!answer.ok) throw new Error(`The state machine cannot be read: HTTP ${answer.status}.`);
    return answer.json() as Promise<Graph>;
  });
  kept.catch(() => {
    kept = undefined;
  });
  return kept;
}

/** Return the shortest way without errors to the first state that is wanted, both ends included; empty where there is none. */
function way(graph: Graph, from: string, isWanted: (node: Node) => boolean): string[] {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const ways = [[from]];
  const seen = new Set([from]);
  for (const here of ways) {
    const last = nodes.get(here[here.length - 1]);
    if (last && isWanted(last)) return here;
    for (const next of last?.next ?? []) {
      if (!seen.has(next)) ways.push([...here, next]);
      seen.add(next);
    }
  }
  return [];
}

/** Light the picture. Between two polls it waits: the choices before a Wait take no time. */
export function lit(graph: Graph, operation: Operation): Lit {
  const known = new Set(graph.nodes.map(({ id }) => id));
  const left = operation.steps.map(({ state }) => state as string).filter((state) => known.has(state));
  const isFailure = operation.finished && !operation.success;
  // What records a failure has a state of its own, which is on the way to the end.
  const before = isFailure ? left.filter((state) => state !== "Audit") : left;
  const ways: string[][] = [];
  let last = graph.start;
  for (const state of before) {
    ways.push(way(graph, last, ({ id }) => id === state));
    last = state;
  }
  if (operation.finished || before.length > 0) ways.push(way(graph, last, goalOf(operation)));
  const at = ways.at(-1)?.at(-1) ?? last;
  const is = !operation.finished ? "running" : operation.success ? "succeeded" : "failed";
  return { passed: new Set(ways.flat().filter((id) => id !== at)), lines: new Set(ways.flatMap(pairs)), at, is };
}

function goalOf(operation: Operation): (node: Node) => boolean {
  if (!operation.finished) return ({ type }) => type === "Wait";
  if (!operation.success) return ({ type }) => type === "Fail";
  return ({ type, next }) => type !== "Fail" && next.length === 0;
}

export const lineOf = (from: string, to: string): string => JSON.stringify([from, to]);

const pairs = (ids: string[]): string[] => ids.slice(1).map((id, index) => lineOf(ids[index], id));
