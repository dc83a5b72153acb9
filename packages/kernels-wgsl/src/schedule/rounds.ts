import { type Node, sizeOf, type Tape } from "@dzdt/tensor";
import { type CallAttributes, type Lowering, type LoopAttributes, type Plan, remembered } from "@dzdt/tensor/lower";
import type { WgslModule } from "../wgsl/module";
import type { Kernel } from "./kernel";
import { openingOf } from "./openings";
import type { Room } from "./single";
import type { Step } from "./steps";
import { teamKernel } from "./team";
import type { Half } from "./team-emitter";

/** Arrays of so many elements, and smaller ones, are a workgroup's: it has as many for each of its invocations. */
const mostOfTeam = 2 ** 16;

/** The most dispatches of one loop: each costs the host some time, whatever it does. */
const mostDispatches = 2 ** 13;

/** Is a loop one of so many iterations, known beforehand, over arrays that are worth the whole device? Its calls must be inlined to see. */
export function hasRounds({ op, attributes }: Node): boolean {
  if (op.control !== "loop") return false;
  const a = attributes as unknown as LoopAttributes;
  if (a.condition || a.counted || a.length * a.body.nodes.length > 8 * mostDispatches) return false;
  return isFlat(a.body) && widest(a.body) > mostOfTeam;
}

/** Is there no control flow in a tape but calls? */
const isFlat: (tape: Tape) => boolean = remembered(({ nodes }) =>
  nodes.every(
    ({ op, attributes }) => !op.control || (op.control === "call" && isFlat((attributes as CallAttributes).tape)),
  ),
);

const widest: (tape: Tape) => number = remembered((tape) =>
  tape.nodes.reduce((most, { op, outs, attributes }) => {
    const own = Math.max(0, ...outs.map((id) => sizeOf(tape.avals[id]!.shape)));
    return Math.max(most, own, op.control === "call" ? widest((attributes as CallAttributes).tape) : 0);
  }, 0),
);

/**
 * Such a loop as dispatches for each array of each iteration. What goes on between them, rows that come in and go out and the next carries, is
 * a workgroup's. Undefined where it does not fit.
 * @param kernelsOf the kernels of a plan without control flow
 */
export function roundsSteps(
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  room: Room,
  size: number,
  kernelsOf: (plan: Plan) => Kernel[],
): readonly Step[] | undefined {
  if (plan.inRegisters.has(node) || !hasRounds(node)) return undefined;
  const { length } = node.attributes as unknown as LoopAttributes;
  const [body] = plan.inner.get(node)!;
  if (body!.tape.nodes.some(({ op }) => op.control)) return undefined;
  const within = kernelsOf(body!);
  if (length * (within.length + 2) > mostDispatches) return undefined;
  const phase = { kind: "some", budget: 1 } as const;
  const part = (half: Half): Kernel =>
    teamKernel(module, lowering, plan, node, room, { size, name: `${half} an iteration`, phase, half });
  const round = [part("before"), ...within, part("after")];
  return [...openingOf(module, lowering, plan, node, room), ...Array.from({ length }, () => round).flat()];
}
