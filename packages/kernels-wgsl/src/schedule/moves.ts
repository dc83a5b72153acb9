import type { Value } from "@dzdt/tensor/lower";
import type { WgslModule } from "../wgsl/module";
import { groupSize, groupsFor, invocation, type Kernel } from "./kernel";
import type { Move } from "./phases";

/** A kernel of one invocation for each word that is copied or cleared. */
export function moveKernel(module: WgslModule, moves: readonly Move[]): Kernel {
  const most = Math.max(...moves.map(({ words }) => words));
  const kernel = module.kernel({ workgroup: String(groupSize) }, (k) => {
    const int = (value: number): Value => k.literal("int32", value);
    const here = k.code.fresh("int32", invocation);
    const at = k.mul(here, int(4));
    for (const { to, from, words } of moves)
      k.if(k.less(here, int(words)), () =>
        k.store("uint32", at, to, from === undefined ? k.literal("uint32", 0) : k.load("uint32", at, from)),
      );
  });
  return { ...kernel, name: "copy", groups: groupsFor(most, groupSize) };
}
