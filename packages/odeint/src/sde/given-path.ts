import { printShape, sameShape, ShapeError, type Target, Tensor, tensor, UnsupportedError } from "@dzdt/tensor";
import { atHand, timeType } from "../at-hand";
import type { KnownTimes } from "../saveAt";
import { realOf, type StateType } from "../vectorField";
import { type BrownianPath, partsOf, pathOf } from "./brownian/brownian";
import { type BrownianSteps, drawnMotion } from "./brownian/steps";
import { type Motion, motionAlong } from "./motion";
import type { Problem } from "./problem";
import type { SdeintOptions } from "./sdeint";

/** A key whose numbers are known, where the solve is: its path is made there, too. */
function keyOn(key: Tensor, target: Target): Tensor {
  const values = key instanceof Tensor && key.target !== target ? atHand(key) : undefined;
  return values ? tensor(values, { dtype: "uint32", target }) : key;
}

/** What drives a solve: steps of their own, or a path, as given or made from the key. */
export function readMotion(
  options: SdeintOptions<unknown>,
  problem: Problem,
  state: StateType,
  times: KnownTimes,
  target: Target,
): Motion {
  const { path, dt, rtol, atol } = options;
  const adaptive = rtol !== undefined || atol !== undefined;
  const dtype = timeType(target) === "float64" ? realOf(state) : "float32";
  if (isSteps(path)) {
    if (adaptive)
      throw new TypeError(
        "sdeint: path is brownianSteps, whose increments are those of equal steps, and rtol and atol try steps and divide them; " +
          "leave them out, or give key in place of path",
      );
    return drawnMotion(keyOn(path.key, target), problem.shape, partsOf[problem.solver.levyArea], dtype);
  }
  const along = readPath(options.key, path, problem, times, dtype, target);
  if (!adaptive) checkTolerance(along, dt, times);
  return motionAlong(along);
}

const isSteps = (path: SdeintOptions["path"]): path is BrownianSteps =>
  (path as Partial<BrownianSteps> | null | undefined)?.kind === "steps";

/** The path that a solve goes along. */
function readPath(
  key: Tensor | undefined,
  path: BrownianPath | undefined,
  { solver, noise, shape }: Problem,
  { values }: KnownTimes,
  dtype: "float32" | "float64",
  target: Target,
): BrownianPath {
  if (path === undefined) {
    if (key === undefined)
      throw new TypeError(
        "sdeint: there is neither a key nor a path; give key: random.key(seed), or path: brownian({ … })",
      );
    if (!values)
      throw new UnsupportedError(
        "sdeint: the times are not known while this is traced; give path: brownian({ key, t0, t1, shape }) that covers them, or path: brownianSteps({ key })",
      );
    return pathOf(keyOn(key, target), values[0]!, values[values.length - 1]!, shape, solver.levyArea, dtype);
  }
  if (typeof (path as { increment?: unknown } | null)?.increment !== "function")
    throw new TypeError(
      `sdeint: path is ${typeof path === "object" ? "an object without increment" : String(path)}; give brownian({ key, t0, t1, shape }), an object like it, or brownianSteps({ key })`,
    );
  if (!sameShape(path.shape, shape))
    throw new ShapeError(
      `sdeint: path has shape ${printShape(path.shape)} for ${noise} of shape ${printShape(shape)}; give shape: ${printShape(shape)}`,
    );
  if (partsOf[path.levyArea] < partsOf[solver.levyArea])
    throw new TypeError(
      `sdeint: ${solver.name} needs the path's ${solver.levyArea} Lévy area, and this path has ${path.levyArea}; give levyArea: "${solver.levyArea}"`,
    );
  if (values && !(values[0]! >= path.t0 && values[values.length - 1]! <= path.t1))
    throw new RangeError(
      `sdeint: ts go from ${values[0]} to ${values[values.length - 1]}, the path from ${path.t0} to ${path.t1}; give a path that covers them`,
    );
  return path;
}

/** Increments that are shorter than the path's tolerance do not have their law. */
function checkTolerance(path: BrownianPath, dt: number | Tensor | undefined, { values, tensor: ts }: KnownTimes): void {
  if (!values || dt instanceof Tensor) return;
  let shortest = Infinity;
  for (let j = 1; j < values.length; j++) {
    const length = values[j]! - values[j - 1]!;
    shortest = Math.min(shortest, length / (dt === undefined ? 1 : Math.max(1, Math.ceil(length / dt - 1e-9))));
  }
  const latest = Math.max(...Array.from(values, Math.abs));
  if (ts.dtype === "float32" && shortest < latest * 2 ** -21)
    throw new RangeError(
      `sdeint: steps of ${shortest} at times as large as ${latest} are more than a float32 can tell, which times are on ${ts.target.name}; ` +
        `measure time from ts[0], or use a CPU target`,
    );
  if (shortest < path.tolerance * (1 - 1e-9))
    throw new RangeError(
      `sdeint: steps of ${shortest} are shorter than the path's tolerance ${path.tolerance}; ` +
        `give path: brownian({ …, tolerance: ${shortest} }) or less, or take longer steps`,
    );
}
