import { cast, isFinite, type Tensor, where } from "@dzdt/tensor";
import { type FineTime, since } from "./fine-time";
import { type Problem, startOf } from "./problem";

/** The first step with its sign: as given, or by Hairer, Nørsett and Wanner 1993, II.4. */
export function firstStep(
  problem: Problem,
  end: FineTime,
  direction: Tensor,
  memory: readonly Tensor[],
): { h: Tensor; evaluations: number } {
  const { method, stepping, t0, y0 } = problem;
  if (stepping.kind === "stops") return { h: direction, evaluations: 0 };
  if (stepping.kind === "given") return { h: stepping.h, evaluations: 0 };
  if (stepping.kind === "fixed") return { h: stepping.grid.h, evaluations: 0 };
  const { controller, norm, dt0 } = stepping;
  const span = since(end, startOf(problem)).abs();
  const bounded = controller.dtMax < Infinity ? span.minimum(controller.dtMax) : span;
  const most = method.longest ? bounded.minimum(method.longest) : bounded;
  const allowed = (h: Tensor): Tensor => (controller.dtMin > 0 ? h.maximum(controller.dtMin) : h).minimum(most);
  if (dt0) return { h: direction.mul(allowed(dt0)), evaluations: 0 };
  const f0 = memory.slice(0, y0.length);
  const d0 = norm(y0, y0, y0);
  const d1 = norm(f0, y0, y0);
  // In float32 a difference over a very short step is all rounding.
  const short = y0.some(({ dtype }) => dtype === "float32") ? 1e-3 : 1e-6;
  const one = span.mul(0).add(1);
  // From about 0 a step by as much as the tolerance is still small.
  const least = where(d1.less(1e-5), one.mul(short), one.div(d1.maximum(1e-5)).maximum(short));
  const guess = where(d0.less(1e-5).or(d1.less(1e-5)), least, d0.mul(0.01).div(d1));
  // Tolerances near 0 put norms beyond the finite.
  const h0 = where(d1.less(Infinity).and(isFinite(guess).not()), one.mul(short), guess).minimum(most);
  const step = direction.mul(h0);
  const y1 = y0.map((y, k) => y.add(f0[k]!.mul(cast(step, y.dtype))));
  const f1 = method.begin(t0.add(step), y1).slice(0, y0.length);
  const d2 = norm(
    f1.map((f, k) => f.sub(f0[k]!)),
    y0,
    y0,
  ).div(h0);
  const steep = d1.maximum(d2);
  const h1 = where(
    steep.lessEqual(1e-15),
    h0.mul(1e-3).maximum(short),
    steep
      .maximum(1e-300)
      .mul(100)
      .pow(-1 / method.errorOrder!),
  );
  const h = where(isFinite(h1), h1, h0.mul(1e-3)).minimum(h0.mul(100));
  return { h: direction.mul(allowed(h)), evaluations: method.evaluations.begin };
}
