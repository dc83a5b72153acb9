import { cast, random, type Shape, stack, stopGradient, type Tensor, zerosLike } from "@dzdt/tensor";
import { checkOptions } from "../../options";
import type { Motion } from "../motion";
import { checkKey } from "./key";
import { rows } from "./levy";

/** A Brownian motion for one solve in equal steps: {@link brownianSteps}. */
export interface BrownianSteps {
  readonly kind: "steps";
  /** uint32 `[2]`. */
  readonly key: Tensor;
}

/**
 * A Brownian motion that a solve draws step by step, as `path` of `sdeint` and `logqp`: the increment of each step (and H and K, for solvers that need
 * them) is drawn from its law by the key and the step's number, counted over all of ts. Many times cheaper than a `brownian` path, and with gradients of all
 * kinds: on the way back steps have the numbers that they had. But it is a path for these steps only: with another dt it is another path, so it is of no
 * use for comparing step lengths, nor for steps that are chosen by their errors. More times in ts leave it as it is where they leave the steps as they are.
 * @throws DTypeError, ShapeError for a key of another kind
 * @example sdeint(sde, y0, [0, 1], { path: brownianSteps({ key: random.key(0) }), dt: 1e-3 })
 */
export function brownianSteps(options: { readonly key: Tensor }): BrownianSteps {
  checkOptions("brownianSteps", options, ["key"]);
  const { key } = options;
  checkKey("brownianSteps", key);
  return Object.freeze<BrownianSteps>({ kind: "steps", key });
}

/** Standard deviations of W, H and K over a unit of time. */
const deviations = [1, 1 / Math.sqrt(12), 1 / Math.sqrt(720)];

/**
 * The motion of steps.
 * @param count how many of W, H and K are drawn: 1 to 3
 */
export function drawnMotion(key: Tensor, shape: Shape, count: number, dtype: "float32" | "float64"): Motion {
  // Not the words that the key gives to others.
  const own = random.foldIn(key, 1);
  return {
    tolerance: 0,
    over: ({ h, number }) => {
      const n = cast(number!, "uint32");
      // The generator tells keys apart that are next to each other: a step's need not be made by a round of its own.
      const step = own.add(stack([zerosLike(n), n]));
      const normals = rows(random.normal(step, [count, ...shape], { dtype }));
      const root = cast(stopGradient(h), dtype).sqrt();
      const [W, H, K] = normals.map((z, m) => z.mul(m === 0 ? root : root.mul(deviations[m]!)));
      return { W: W!, ...(H && { H }), ...(K && { K }) };
    },
  };
}
