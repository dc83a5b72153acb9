import type { Case } from "./case";
import { ownNames, threadsOf } from "./contenders";
import { goals, gpuGoals } from "./goals";
import type { Outcome } from "./rounds";

/** Outcomes of one case, by contender. */
export interface Row {
  readonly row: Case;
  /** Whose goals are judged. */
  readonly own: string;
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

/** Milliseconds, or what else there is to say. */
export function cell(outcome: Outcome | undefined, compared: boolean): string {
  if (!outcome) return "";
  if (outcome.kind === "notYet") return `not yet: ${outcome.reason}`;
  if (outcome.kind === "failed") return `FAILED: ${outcome.message.split("\n")[0]!.slice(0, 120)}`;
  return compared ? `${digits(outcome.estimate)} (${digits(outcome.ratio)}×)` : digits(outcome.estimate);
}

/** Three significant digits, never an exponent. */
export function digits(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(places, 9));
}

/** The goal as text, and whether the outcomes meet it: undefined where that cannot be said. */
export function judge({ row, own: name, outcomes }: Row): { text: string; met: boolean | undefined } {
  const goal = (name === ownNames.webgpu ? gpuGoals : goals)[row.name];
  if (!goal) return { text: "", met: undefined };
  const own = outcomes.get(name);
  const measured = own?.kind === "measured" ? own : undefined;
  const parts: [text: string, met: boolean | undefined][] = [];
  if (goal.ms !== undefined) parts.push([`≤ ${goal.ms} ms`, measured && measured.estimate <= goal.ms]);
  if (goal.gflops !== undefined)
    parts.push([`≥ ${goal.gflops} GFLOP/s`, measured && row.operations! / measured.estimate / 1e6 >= goal.gflops]);
  if (goal.ratio) {
    const [peer, times] = goal.ratio;
    const other = outcomes.get(peer);
    parts.push([`≥ ${times}× ${peer}`, measured && other?.kind === "measured" ? other.ratio >= times : undefined]);
  }
  if (goal.ahead) {
    const others = [...outcomes].flatMap(([other, o]) =>
      o !== own && o.kind === "measured" && threadsOf(other) === undefined ? [o] : [],
    );
    parts.push(["ahead of all", measured && others.length > 0 ? others.every((o) => o.ratio >= 1) : undefined]);
  }
  if (goal.over) {
    const [peer, ms] = goal.over;
    const other = outcomes.get(peer);
    parts.push([
      `≤ ${ms} ms over ${peer}`,
      measured && other?.kind === "measured" ? measured.estimate - other.estimate <= ms : undefined,
    ]);
  }
  if (goal.firstCall !== undefined)
    parts.push([`first ≤ ${goal.firstCall} ms`, measured && measured.prepared.firstCall <= goal.firstCall]);
  const verdicts = parts.map(([, met]) => met);
  return {
    text: parts.map(([text]) => text).join(", "),
    met: verdicts.includes(false) ? false : verdicts.includes(undefined) ? undefined : true,
  };
}

/** The line of one case: names of columns to their cells. */
export function cells(entry: Row, contenders: readonly string[]): string[] {
  const { row, outcomes } = entry;
  const own = outcomes.get(entry.own);
  const { text, met } = judge(entry);
  const measured = own?.kind === "measured" ? own : undefined;
  return [
    row.name,
    cell(own, false),
    measured ? digits(measured.prepared.firstCall) : "",
    ...(entry.own === ownNames.webgpu
      ? [measured?.prepared.onDevice === undefined ? "" : digits(measured.prepared.onDevice)]
      : []),
    ...contenders.slice(1).map((name) => cell(outcomes.get(name), true)),
    text,
    met === undefined ? "" : met ? "yes" : "NO",
    measured ? measured.prepared.verdict.error.toExponential(1) : "",
  ];
}

export const headings = (contenders: readonly string[]): string[] => [
  "case",
  `${contenders[0]!} ms`,
  "first call",
  ...(contenders[0] === ownNames.webgpu ? ["on device"] : []),
  ...contenders.slice(1).map((name) => `${name} ms`),
  "goal",
  "met",
  "error",
];

/** Columns as wide as their widest cell; cells of more than `widest` letters run over. */
export function layout(rows: readonly (readonly string[])[], widest: number = 26): string {
  const widths = rows[0]!.map((_, j) => Math.max(...rows.map((r) => Math.min(r[j]!.length, widest))));
  return rows
    .map((r) =>
      r
        .map((text, j) => text.padEnd(widths[j]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
