import type { Node } from "@dzdt/tensor";
import type { Lowering, LoopAttributes, Plan } from "@dzdt/tensor/lower";
import type { Phase } from "./phases";
import { roundsOf } from "./chains";
import { iterationsWithin, sizeOfNodes } from "./team";

/** Some nodes of a row's code, and what is done of them. */
export interface Step {
  readonly nodes: readonly Node[];
  readonly phase: Phase;
}

/** What one dispatch does of every row; it is repeated, as a loop that goes on. */
export interface RowPart {
  readonly steps: readonly Step[];
  readonly times: number;
}

/** The most dispatches of one loop; more iterations make them longer. */
const mostDispatches = 256;

/** Operations on elements in one dispatch, of all rows and of one. */
const operations = { ofAll: 2 ** 34, ofRow: 2 ** 26 } as const;

/** How the code of rows is spread over dispatches: each long loop that it has is a chain of its own. @param rows how many run at a time @param turns and how often */
export function partsOf(lowering: Lowering, body: Plan, rows: number, turns: number): RowPart[] {
  const parts: RowPart[] = [];
  let steps: Step[] = [];
  let plain: Node[] = [];
  const whole = (): void => {
    if (plain.length > 0) steps.push({ nodes: plain, phase: { kind: "whole" } });
    plain = [];
  };
  body.tape.nodes.forEach((node, n) => {
    if (body.inlined[n]) return;
    const chain = chainOf(lowering, body, node, rows, turns);
    if (!chain) return void plain.push(node);
    whole();
    parts.push({ steps: [...steps, { nodes: [node], phase: { kind: "open", moves: [] } }], times: 1 });
    parts.push({
      steps: [{ nodes: [node], phase: { kind: "some", budget: chain.budget, tells: true } }],
      times: chain.times,
    });
    steps = [];
  });
  whole();
  return [...parts, { steps, times: 1 }];
}

/** How a loop of each row is spread over dispatches; undefined where one does. */
function chainOf(
  lowering: Lowering,
  body: Plan,
  node: Node,
  rows: number,
  turns: number,
): { readonly budget: number; readonly times: number } | undefined {
  const round = roundsOf(body, node);
  if (!round) return undefined;
  const { length } = node.attributes as unknown as LoopAttributes;
  const most = Math.min(operations.ofRow, operations.ofAll / rows);
  const iterations = iterationsWithin(most, node, sizeOfNodes(lowering, body, [node]).operations);
  const fitting = body.inRegisters.has(node) ? round.least : iterations;
  if (round.needed <= fitting || length <= 1) return undefined;
  const budget = Math.max(fitting, Math.ceil((round.needed * turns) / mostDispatches));
  return { budget, times: Math.ceil(round.needed / budget) };
}
