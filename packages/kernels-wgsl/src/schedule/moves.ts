import type { Value } from "@dzdt/tensor/lower";
import type { WgslEmitter } from "../wgsl/emit";
import type { WgslModule } from "../wgsl/module";
import { type Span, spanOf } from "./hazards";
import { groupSize, groupsFor, invocation, type Kernel } from "./kernel";
import type { Move } from "./phases";
import type { TeamEmitter } from "./team-emitter";

/** Words of the longest. */
export const mostWords = (moves: readonly Move[]): number => Math.max(0, ...moves.map(({ words }) => words));

/** A kernel of one invocation for each word that is copied or cleared. */
export function moveKernel(module: WgslModule, moves: readonly Move[]): Kernel {
  const kernel = module.kernel({ workgroup: String(groupSize) }, (k) =>
    moveWords(k, k.code.fresh("int32", invocation), moves),
  );
  return { ...kernel, name: "copy", groups: groupsFor(mostWords(moves), groupSize) };
}

/** The same by invocations of a workgroup. */
export function moveTogether(k: TeamEmitter, moves: readonly Move[]): void {
  const spans = (addresses: readonly (number | undefined)[]): Span[] =>
    addresses.flatMap((at, j) => (at === undefined ? [] : [spanOf(k.literal("int32", at), 0, 4 * moves[j]!.words)]));
  k.touch(spans(moves.map(({ from }) => from)), spans(moves.map(({ to }) => to)));
  k.each(mostWords(moves), (own, here) => moveWords(own, here, moves));
}

/** What is at one position of each. */
function moveWords(k: WgslEmitter, here: Value, moves: readonly Move[]): void {
  const int = (value: number): Value => k.literal("int32", value);
  const at = k.mul(here, int(4));
  for (const { to, from, words } of moves)
    k.if(k.less(here, int(words)), () =>
      k.store("uint32", at, to, from === undefined ? k.literal("uint32", 0) : k.load("uint32", at, from)),
    );
}
