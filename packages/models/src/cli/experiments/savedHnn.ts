import { compile, tensor, type Tensor, type Tree } from "@dzdt/tensor";
import { load } from "../../train";
import type { SavedRun } from "../experiment";
import { hamiltonian } from "./learners";
import type { HamiltonianSize } from "./learners";
import { scaleStates, unscaleStates } from "./scaling";
import type { Scaling } from "./scaling";

/** What `run.json` keeps of an HNN besides its weights. */
export interface SavedHnn extends HamiltonianSize {
  /** Left out where the model was trained in the units of the file. */
  readonly scaling?: Scaling;
}

/** A trained HNN, read back. */
export interface ForecastingHnn {
  readonly size: HamiltonianSize;
  /**
   * States at `times` from the state `from` at `times[0]`, in the units of the file: `[times, 2 · dim]`, row by row.
   * @throws SolveError where the solve fails
   */
  forecast(from: Float64Array, times: Float64Array): Float64Array;
  /** For `dim` 1: the learned (dq/dt, dp/dt) at a point, in the units of the file. */
  readonly derivative: (q: number, p: number) => readonly [number, number];
  /** For `dim` 1: the learned energy at a point, up to a factor and a constant. */
  readonly energy: (q: number, p: number) => number;
}

/** Reads the model of a run. @throws Error if its record does not describe an HNN */
export async function readHnn({ folder, record, weights }: SavedRun): Promise<ForecastingHnn> {
  const config = record.config as Partial<SavedHnn>;
  const { dim, width, damping } = config;
  if (!Number.isInteger(dim) || !Number.isInteger(width) || typeof damping !== "boolean")
    throw new Error(
      `${folder}/run.json: field "config" describes no HNN (${JSON.stringify(record.config)}); the file was changed by hand, train again`,
    );
  const size: HamiltonianSize = { dim: dim!, width: width!, damping };
  return forecasting(size, await load(weights), config.scaling);
}

/** A trained HNN of known size. */
export function forecasting(size: HamiltonianSize, params: Tree, scaling: Scaling | undefined): ForecastingHnn {
  const { rollout, model, energy } = hamiltonian(size);
  const slope = compile((y: Tensor) => model.derivative(params, y));
  const level = compile((y: Tensor) => energy!(params, y));
  const state = (q: number, p: number): Float64Array =>
    scaling ? scaleStates(Float64Array.of(q, p), scaling) : Float64Array.of(q, p);
  return {
    size,
    derivative: (q, p) => {
      const [dq = NaN, dp = NaN] = slope(tensor(Float32Array.from(state(q, p)))).dataSync();
      const [unitQ = 1, unitP = 1] = scaling?.unit ?? [];
      const time = scaling?.time ?? 1;
      return [(dq * unitQ) / time, (dp * unitP) / time];
    },
    energy: (q, p) => level(tensor(Float32Array.from(state(q, p)))).itemSync(),
    forecast: (from, times) => {
      const start = times[0] ?? 0;
      const unit = scaling?.time ?? 1;
      const y0 = tensor(scaling ? scaleStates(from, scaling) : from);
      const states = rollout(params, y0, tensor(times.map((t) => (t - start) / unit)));
      return scaling ? unscaleStates(states, scaling) : states;
    },
  };
}
