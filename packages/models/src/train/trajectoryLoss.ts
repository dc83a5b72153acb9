import { odeint, rk4 } from "@dzdt/odeint";
import { asTensor, type Tensor } from "@dzdt/tensor";

/** Observed runs of states at equal gaps. */
export type Trajectories = {
  /** `[n, length, dim]`; the first row of each window is where its solve starts */
  readonly windows: Tensor;
  /** Time between neighbouring rows: one number, or `[n]`, one per window. */
  readonly dt: number | Tensor;
};

/**
 * Mean squared error between the later rows of each window and the solution from its first row, over all components: the field is trained
 * through the solver, without any estimate of derivatives. One RK4 step per gap; time is measured in gaps, so that windows may differ in dt.
 * @param field of `[n, dim]` states, autonomous
 */
export function trajectoryLoss(field: (y: Tensor) => Tensor, { windows, dt }: Trajectories): Tensor {
  const [n, length, dim] = windows.shape;
  if (windows.ndim !== 3 || length! < 2)
    throw new Error(
      `trajectoryLoss: windows are [${windows.shape.join(", ")}]; give [n, length, dim] with a length of 2 or more`,
    );
  const gap = asTensor(dt).cast(windows.dtype);
  if (gap.ndim > 1 || (gap.ndim === 1 && gap.shape[0] !== n))
    throw new Error(
      `trajectoryLoss: dt is [${gap.shape.join(", ")}] for ${n} windows; give one number, or one per window`,
    );
  const perGap = gap.ndim === 1 ? gap.expandDims(1) : gap;
  const y0 = windows.slice([0, 0, 0], [n!, 1, dim!]).reshape([n!, dim!]);
  const ts = Array.from({ length: length! }, (_, i) => i);
  const { ys } = odeint((_t: Tensor, y: Tensor) => field(y).mul(perGap), y0, ts, { solver: rk4, dt0: 1 });
  const predicted = ys.slice([1, 0, 0], [length!, n!, dim!]);
  const observed = windows.slice([0, 1, 0], [n!, length!, dim!]).permute([1, 0, 2]);
  return predicted.sub(observed).square().mean();
}
