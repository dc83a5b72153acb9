import type { Case } from "../case";

/** The workloads in their order; each names its cases. */
export const workloads: Readonly<Record<string, () => Promise<{ cases: readonly Case[] }>>> = {
  W1: () => import("./w1-matmul"),
  W2: () => import("./w2-elementwise"),
  W3: () => import("./w3-reductions"),
  W4: () => import("./w4-mlp"),
  W5: () => import("./w5-neural-ode"),
  W6: () => import("./w6-hnn"),
  W7: () => import("./w7-ode"),
  W8: () => import("./w8-sde"),
  W9: () => import("./w9-latent-ode"),
  W10: () => import("./w10-overhead"),
  W11: () => import("./w11-webgpu"),
};

/** Which of them a case is of. */
export const workloadOf = (name: string): string => /^W\d+/.exec(name)?.[0] ?? name;

/** Single precision, and not what measures processes. */
const isForGpu = ({ name, dtype, dzdt }: Case): boolean =>
  dtype === "f32" && typeof dzdt === "function" && workloadOf(name) !== "W10";

/** All cases of a target, or those that a list of names asks for: `W7`, `W7b` or `W7b.rk4`, with commas between. */
export async function selectCases(asked?: string, target: "cpu" | "webgpu" = "cpu"): Promise<readonly Case[]> {
  const loaded = await Promise.all(Object.values(workloads).map((load) => load()));
  const all = loaded.flatMap(({ cases }) => cases).filter(target === "cpu" ? (row) => !row.only : isForGpu);
  if (asked === undefined) return all.filter((row) => !row.onlyAsked);
  const names = asked.split(",");
  // W1 is W1.512, but not W10.eager; W7 is W7b.rk4.
  const asks = (name: string, row: Case): boolean =>
    row.name === name || (!row.onlyAsked && row.name.startsWith(name) && !/^\d/.test(row.name.slice(name.length)));
  const unknown = names.find((name) => !all.some((row) => asks(name, row)));
  if (unknown !== undefined)
    throw new Error(`bench: --only names ${unknown}; known are ${all.map(({ name }) => name).join(", ")}`);
  return all.filter((row) => names.some((name) => asks(name, row)));
}
