import { cast, ShapeError, type Tensor, where } from "@dzdt/tensor";
import { hermite } from "../interpolation";
import type { Method } from "../step";
import type { Parts } from "../stepper";
import { phasesOf } from "./phases";
import type { TaoSolver } from "./tao-solver";

/**
 * Steps of Tao's method. `memory` is how far the second copy of the state is from the first, by leaves.
 */
export function taoMethod(solver: TaoSolver, { field, given, state, about }: Parts): Method {
  if (!("energy" in given || "parts" in given))
    throw new TypeError(
      `odeint: ${solver.name} needs a Hamiltonian and got a plain field; make it with hamiltonian(H), or use a solver for any field such as implicitMidpoint or gauss4`,
    );
  const { count, pairs } = phasesOf(state);
  if (!pairs)
    throw new ShapeError(
      `odeint: ${solver.name} turns momenta into positions, and q and p are of different shapes; give them the same, or use a solver such as gauss4`,
    );
  const words = wordsOf(solver.weights);
  const { omega, separation } = solver;
  const isMomentum = (k: number): boolean => k < count;
  const moves = (t: Tensor, h: Tensor, from: readonly Tensor[], apart: readonly Tensor[]): [Tensor[], Tensor[]] => {
    let [own, gap] = [[...from], [...apart]];
    for (const [word, weight] of words) {
      const by = h.mul(weight);
      if (word === "turn") {
        [own, gap] = turned(own, gap, by.mul(2 * omega), count);
        continue;
      }
      // ∂H at the positions of one copy and the momenta of the other moves the two that it was not taken at.
      const kicks = word === "kick";
      const slopes = field(
        t,
        own.map((x, k) => (isMomentum(k) === kicks ? x.add(gap[k]!) : x)),
      );
      const steps = slopes.map((slope) => slope.mul(cast(by, slope.dtype)));
      own = own.map((x, k) => (isMomentum(k) === kicks ? x.add(steps[k]!) : x));
      gap = gap.map((x, k) => (isMomentum(k) === kicks ? x.sub(steps[k]!) : x.add(steps[k]!)));
    }
    return [own, gap];
  };
  const near = (own: readonly Tensor[], gap: readonly Tensor[], like: Tensor): Tensor => {
    const square = (list: readonly Tensor[]): Tensor =>
      list.map((x) => cast(x.mul(x).sum(), like.dtype)).reduce((sum, x) => sum.add(x));
    const whole = about ? own.map((x, k) => x.add(about[k]!)) : own;
    return square(gap).lessEqual(square(whole).mul(separation * separation));
  };
  return {
    name: solver.name,
    errorOrder: undefined,
    derivative: false,
    dense: state.leaves,
    evaluations: { begin: 0, attempt: words.filter(([word]) => word !== "turn").length, interpolate: 2 },
    begin: (_t, y) => y.map((x) => x.mul(0)),
    slope: (t, y) => field(t, y),
    attempt: (t, _tNext, h, y, memory) => {
      const [own, gap] = moves(t, h, y, memory);
      const together = near(own, gap, h).stopGradient();
      return { y: own.map((x) => where(together, x, NaN)), memory: gap, errors: [], dense: [...y] };
    },
    undo: (_t, tNext, h, y, memory) => {
      const [own, gap] = moves(tNext, h.neg(), y, memory);
      return { y: own, memory: gap };
    },
    interpolate: ({ t, s, h, y, dense }) => hermite({ s, h, end: y }, dense, field(t.sub(h), dense), field(t, y)),
  };
}

/**
 * A flow of one of the three parts of the extended Hamiltonian H(q, y) + H(x, p) + ω (‖q − x‖² + ‖p − y‖²)/2 and its share of the step: `kick` moves
 * p and x, `drift` moves q and y, `turn` rotates the difference of the copies.
 */
type Word = readonly ["kick" | "drift" | "turn", number];

/** A composition of the symmetric step kick, drift, turn, drift, kick, in which kicks that meet are one. */
export function wordsOf(weights: readonly number[]): Word[] {
  const words: Word[] = [];
  for (const w of weights) {
    const last = words.pop();
    words.push(["kick", (last?.[1] ?? 0) + w / 2], ["drift", w / 2], ["turn", w], ["drift", w / 2], ["kick", w / 2]);
  }
  return words;
}

/** The difference (u, v) of positions and momenta, first copy less second, turned by an angle. */
function turned(
  own: readonly Tensor[],
  gap: readonly Tensor[],
  angle: Tensor,
  count: number,
): [own: Tensor[], gap: Tensor[]] {
  const [cos, sin] = [angle.cos(), angle.sin()];
  const next = gap.map((x, k) => {
    const [c, s] = [cast(cos, x.dtype), cast(sin, x.dtype)];
    return k < count
      ? x.mul(c).sub(cast(gap[k + count]!, x.dtype).mul(s))
      : x.mul(c).add(cast(gap[k - count]!, x.dtype).mul(s));
  });
  return [own.map((x, k) => x.add(gap[k]!.sub(next[k]!).mul(0.5))), next];
}
