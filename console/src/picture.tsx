// The state machine as AWS's console draws it: laid out by dagre, and lit by sign, word and line, not by colour alone.
import dagre from "@dagrejs/dagre";
import { useMemo } from "react";
import { type Graph, type Lit, lineOf } from "./graph";
import "./picture.css";

const HEIGHT = 34;
const SIGNS = { passed: "✓", running: "●", succeeded: "✓", failed: "✕", idle: "" };
type Look = keyof typeof SIGNS;

/** A Choice that was passed has a dot: a check mark would read as the answer to its question. */
const signOf = (type: string, look: Look): string => (type === "Choice" && look === "passed" ? "•" : SIGNS[look]);

interface Line {
  key: string;
  isError: boolean;
  isPassed: boolean;
  points: { x: number; y: number }[];
}

function laidOut({ nodes }: Graph) {
  const layout = new dagre.graphlib.Graph({ multigraph: true });
  layout.setGraph({ nodesep: 28, ranksep: 34, marginx: 8, marginy: 8 });
  layout.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) layout.setNode(id, { width: 56 + 8 * id.length, height: HEIGHT });
  for (const { id, next, caught } of nodes) {
    for (const target of next) layout.setEdge(id, target, {}, "next");
    for (const target of caught) if (!next.includes(target)) layout.setEdge(id, target, {}, "caught");
  }
  dagre.layout(layout);
  return layout;
}

export function Picture({ graph, lit }: { graph: Graph; lit: Lit }) {
  const layout = useMemo(() => laidOut(graph), [graph]);
  const { width = 0, height = 0 } = layout.graph();
  const look = (id: string): Look => (id === lit.at ? lit.is : lit.passed.has(id) ? "passed" : "idle");
  const lines: Line[] = layout.edges().map(({ v, w, name }) => ({
    key: `${v} ${w} ${name}`,
    isError: name === "caught",
    isPassed: name === "next" && lit.lines.has(lineOf(v, w)),
    points: layout.edge({ v, w, name }).points ?? [],
  }));
  const said = { running: "It is at", succeeded: "It has ended at", failed: "It has failed at" }[lit.is];
  return (
    <div className="machine-frame" role="region" aria-label="The state machine" tabIndex={0}>
    <svg className="machine" viewBox={`0 0 ${width} ${height}`} width={width} role="img" aria-label={`The state machine. ${said} ${lit.at}.`}>
      <defs>
        <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 0 8 4 0 8z" className="tip" />
        </marker>
      </defs>
      {lines.map(({ key, isError, isPassed, points }) => (
        <path key={key} className={`line ${isError ? "error" : ""} ${isPassed ? "passed" : ""}`} d={`M${points.map(({ x, y }) => `${x} ${y}`).join("L")}`} markerEnd="url(#tip)" />
      ))}
      {graph.nodes.map(({ id, type, comment }) => {
        const { x, y, width: wide } = layout.node(id);
        return (
          <g key={id} className={`state ${look(id)}`} data-state={id} data-look={look(id)} transform={`translate(${x} ${y})`}>
            <title>{comment || id}</title>
            <rect x={-wide / 2} y={-HEIGHT / 2} width={wide} height={HEIGHT} rx="6" />
            <text textAnchor="middle" dominantBaseline="central">
              {`${signOf(type, look(id))} ${id}`.trim()}
            </text>
          </g>
        );
      })}
    </svg>
    </div>
  );
}
