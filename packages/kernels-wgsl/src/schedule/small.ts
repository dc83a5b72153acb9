import { type Node, sizeOf } from "@dzdt/tensor";
import { type Lowering, loopOf, type Plan, type Site } from "@dzdt/tensor/lower";
import type { WgslModule } from "../wgsl/module";
import { type Kernel, nameOf } from "./kernel";
import { mostOperations, type Small, type Step } from "./steps";
import { productTerms, teamFor } from "./team";
import { TeamEmitter, teamGlobals } from "./team-emitter";
import { shareElements, TeamLowering } from "./team-lowering";

/** Drivers compile kernels of more lines more slowly than several of fewer. */
const mostLines = 256;

/** How many invocations there is use of in the code of a node; undefined if that is work for the whole device. */
export function widthOf(plan: Plan, node: Node): number | undefined {
  const { avals } = plan.tape;
  const size = (ids: readonly number[]): number => Math.max(1, ...ids.map((id) => sizeOf(avals[id]!.shape)));
  let [widest, operations] = [1, 0];
  for (const each of loopOf(plan, plan.groups.get(node) ?? [node]).nodes) {
    const { op, ins, outs } = each;
    const terms = productTerms(plan.tape, each);
    // Of views and the like, elements are read that are asked for.
    const inStep = op.alias === true || op.fusion === "map" || op.fusion === "view" || op.fusion === "make";
    const own = terms === undefined ? size(inStep ? outs : [...ins, ...outs]) : size(outs);
    widest = Math.max(widest, own);
    operations += own * (terms ?? 1);
  }
  return operations <= mostOperations ? widest : undefined;
}

/** A node as such a step. */
export const smallStep = (
  module: WgslModule,
  plan: Plan,
  node: Node,
  kernel: Pick<Small, "widest" | "alone" | "first">,
): Small => ({
  ...kernel,
  name: node.op.kernel ? node.op.name : nameOf(loopOf(plan, plan.groups.get(node) ?? [node])),
  emit: (k, lowering) => {
    const site: Site = { k, frame: k.literal("int32", 0), fixed: true, given: module.arrays };
    if (node.op.kernel) lowering.shareLines(site, plan, node);
    else shareElements(k, site, plan, node);
  },
});

/** The kernels of some steps, where small ones side by side are one, or few. @param most the most invocations of a workgroup */
export function joined(module: WgslModule, lowering: Lowering, steps: readonly Step[], most: number): Kernel[] {
  const kernels: Kernel[] = [];
  const run: Small[] = [];
  const flush = (): void => {
    while (run.length > 0) kernels.push(...nextKernels(module, lowering, run, most));
  };
  for (const step of steps) {
    const small = "emit" in step;
    if (!small || step.first) flush();
    if (small) run.push(step);
    else kernels.push(step);
  }
  flush();
  return kernels;
}

/** A kernel of one workgroup for the first of some steps, as many as it has room for; those are taken away. */
function nextKernels(module: WgslModule, lowering: Lowering, run: Small[], most: number): readonly Kernel[] {
  const [{ alone }] = run as [Small];
  if (run.length === 1 && alone) {
    run.pop();
    return alone();
  }
  const size = teamFor(Math.max(...run.map(({ widest }) => widest)), most);
  const team = new TeamLowering(module, lowering, size);
  const names: string[] = [];
  const kernel = module.kernel({ workgroup: String(size), globals: teamGlobals(size) }, ({ callees, code }) => {
    code.line("member = i32(local.x);");
    const k = new TeamEmitter(callees, code, size);
    while (run.length > 0 && code.length < mostLines) {
      const { name, emit } = run.shift()!;
      k.scope(() => emit(k, team));
      names.push(name);
    }
  });
  return names.length === 1 && alone ? alone() : [{ ...kernel, name: names.join(", "), groups: [1, 1] }];
}
