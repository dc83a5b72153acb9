import type { Node } from "@dzdt/tensor";
import type { Lowering, LoopAttributes, Plan } from "@dzdt/tensor/lower";
import type { WgslModule } from "../wgsl/module";
import type { Kernel } from "./kernel";
import { openingOf } from "./openings";
import { PhaseEmitter } from "./phases";
import { emitNodes, type Room, within } from "./single";
import type { Step } from "./steps";

/** A loop that may be long is a chain of dispatches of so many rounds each, lest a watchdog takes the GPU to hang. */
const rounds = { steps: 16, memory: 1024 } as const;

/** Iterations of one round where a loop runs in registers. */
const stepsPerRound = 256;

/** The most dispatches of one loop; more iterations make them longer. */
const mostDispatches = 256;

/** Of a loop that one invocation runs, how many rounds there may be, and how many are not worth a dispatch. */
export function roundsOf(plan: Plan, node: Node): { readonly needed: number; readonly least: number } | undefined {
  if (node.op.control !== "loop") return undefined;
  const mode = plan.inRegisters.get(node);
  if (mode !== undefined && mode !== "steps") return undefined;
  const { length } = node.attributes as unknown as LoopAttributes;
  return mode
    ? { needed: Math.ceil(length / stepsPerRound) + 1, least: rounds.steps }
    : { needed: length, least: rounds.memory };
}

/** A loop as what sets it up and a chain of equal dispatches, which do nothing once it has ended. Undefined for short ones. */
export function chainSteps(
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  room: Room,
): readonly Step[] | undefined {
  const round = roundsOf(plan, node);
  if (!round || round.needed <= round.least) return undefined;
  const { needed, least } = round;
  const budget = Math.max(least, Math.ceil(needed / mostDispatches));
  const opening = openingOf(module, lowering, plan, node, room);
  const kernel = module.kernel({ workgroup: "1" }, (k) =>
    within(k, room, () =>
      emitNodes(lowering, plan, [node], new PhaseEmitter(k.callees, k.code, { kind: "some", budget }, room.words)),
    ),
  );
  const some: Kernel = { ...kernel, name: `${node.op.name} goes on`, groups: [1, 1] };
  return [...opening, ...new Array<Kernel>(Math.ceil(needed / budget)).fill(some)];
}
