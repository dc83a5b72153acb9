/** What dzdt should reach in a case, on one thread: with 128-bit SIMD and without fused multiply-adds. */
export interface Goal {
  /** At most so many milliseconds. */
  readonly ms?: number;
  /** At least so many times as fast as this peer, in the same run. */
  readonly ratio?: readonly [peer: string, times: number];
  /** At least as fast as every peer of the run. */
  readonly ahead?: boolean;
  /** At most so many milliseconds more than this peer. */
  readonly over?: readonly [peer: string, ms: number];
  /** The first call, with tracing and compiling, at most so many milliseconds. */
  readonly firstCall?: number;
  /** At least so many floating-point operations, 1e9 per second. */
  readonly gflops?: number;
}

/** By the name of the case. */
export const goals: Readonly<Record<string, Goal>> = {
  "W1.128": { ratio: ["tfjs-wasm", 1.1] },
  "W1.512": { ratio: ["tfjs-wasm", 1.2] },
  "W1.1024": { ratio: ["tfjs-wasm", 1.2] },
  "W1.f64.512": { gflops: 16 },
  "W2.fwd": { ms: 3 },
  "W2.grad": { ms: 3 },
  "W3.sum": { ahead: true },
  "W3.mean": { ahead: true },
  "W3.logsumexp": { ahead: true },
  "W3.softmax": { ms: 1.1 },
  "W4.big": { ms: 1.3 },
  "W4.small": { ms: 0.012 },
  "W5.dopri5.bptt": { ms: 0.18, firstCall: 150 },
  "W5.dopri5.adjoint": { ms: 0.5 },
  "W5.rk4.bptt": { ms: 0.2 },
  W6: { ms: 12 },
  W7a: { ms: 0.25 },
  "W7b.rk4": { ms: 32 },
  "W7b.adaptive": { ms: 40 },
  "W7c.robertson": { ms: 3 },
  "W7c.vanDerPol": { ms: 12 },
  "W7d.kepler": { ms: 22 },
  "W7d.henon": { ms: 22 },
  W8a: { ms: 75 },
  "W8b.fwd": { ms: 18 },
  "W8b.train": { ms: 60 },
  W9: { ms: 3.5, firstCall: 400 },
  "W10.eager": { ms: 0.8 },
  "W10.jit-call": { ms: 3 },
  "W10.jit-whole": { firstCall: 100 },
  "W10.jit-mixed": { firstCall: 100 },
  "W10.cold": { over: ["empty-node", 30] },
};

/** What it should reach on a GPU: what the host does there depends little on the device. */
export const gpuGoals: Readonly<Record<string, Goal>> = {
  "W11.first-kernel": { ms: 0.045 },
  "W11.further-kernel": { ms: 0.006 },
  "W11.readback": { ms: 0.08 },
};
