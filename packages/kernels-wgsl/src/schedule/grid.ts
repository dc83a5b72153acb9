import { type Node, sizeOf } from "@dzdt/tensor";
import { elementsWith, loopOf, type Plan, prepare, type Site, type Value } from "@dzdt/tensor/lower";
import type { WgslModule } from "../wgsl/module";
import { groupSize, groupsFor, invocation, type Kernel, nameOf } from "./kernel";

/** Bools are bytes: an invocation writes the four of one word, so that no two write to the same word. */
export const perWord = 4;

/** A kernel of one invocation for each element of a result, or of several results that share code. */
export function gridKernel(module: WgslModule, plan: Plan, node: Node): Kernel {
  const members = plan.groups.get(node) ?? [node];
  const outs = members.map(({ outs: [id] }) => plan.tape.avals[id!]!);
  const { shape } = outs[0]!;
  const size = sizeOf(shape);
  const each = outs.some(({ dtype }) => dtype === "bool") ? perWord : 1;
  const invocations = Math.ceil(size / each);
  const loop = loopOf(plan, members);
  const kernel = module.kernel({ workgroup: String(groupSize) }, (k) => {
    const int = (value: number): Value => k.literal("int32", value);
    const site: Site = { k, frame: int(0), fixed: true, given: module.arrays };
    const here = k.code.fresh("int32", invocation);
    const emit = elementsWith(k, loop, prepare(site, loop));
    k.if(k.less(here, int(invocations)), () => {
      if (each === 1) return emit(k.flatIndex(shape, here));
      k.loop(each, (lane) => {
        const position = k.add(k.mul(here, int(each)), lane);
        k.if(k.less(position, int(size)), () => emit(k.flatIndex(shape, position)));
      });
    });
  });
  return { ...kernel, name: nameOf(loop), groups: groupsFor(invocations, groupSize) };
}
