import type { Attempts } from "./case";
import { cashKarp } from "./peers/cash-karp";
import { hand } from "./peers/hand";
import { jaxJs, jaxJsOnWebGpu } from "./peers/jax-js";
import { odex } from "./peers/odex";
import { tfjs } from "./peers/tfjs";

/** A library, or a style, that does some of the workloads. */
export interface Contender {
  readonly name: string;
  /** The package whose version is reported. */
  readonly package?: string;
  /** By workload (`W7`): the module with its attempts, loaded in the contender's own process. */
  readonly attempts: Readonly<Record<string, () => Promise<{ attempts: Attempts }>>>;
}

/** A process that does nothing: what the others' cold starts are compared with. */
const emptyNode: Contender = { name: "empty-node", attempts: { W10: () => import("./peers/empty") } };

/** In the order of the table's columns. */
export const peers: readonly Contender[] = [tfjs, jaxJs, odex, cashKarp, hand, emptyNode];

/** Beside dzdt on a GPU. */
export const gpuPeers: readonly Contender[] = [jaxJsOnWebGpu];

/** How dzdt's columns are called. */
export const ownNames = { cpu: "dzdt", webgpu: "dzdt-webgpu" } as const;

/** dzdt on several threads, beside dzdt on one. */
export const threadedName = (threads: number): string => `${ownNames.cpu}-${threads}t`;

/** On how many threads the contender of this name runs; undefined if it is not dzdt on several. */
export function threadsOf(name: string): number | undefined {
  const found = /^dzdt-(\d+)t$/.exec(name);
  return found ? Number(found[1]) : undefined;
}
