import type { Loop } from "@dzdt/tensor/lower";
import type { KernelText } from "../wgsl/module";

/** One dispatch of a program. */
export interface Kernel extends KernelText {
  /** What the kernel reads as uniforms. */
  readonly parameters?: readonly number[];
  /** What it does, for people. */
  readonly name: string;
  /** Workgroups along x, y and z. */
  readonly groups: readonly [number, number, number?];
  /** Dispatched in a row, it runs again only if it has left word ({@link leaveMore}) that there is more to do. */
  readonly repeats?: true;
}

/** Where kernels leave word, how many workgroups along x and y have more to do. */
export const moreAt = 8;

/** WGSL that leaves word. */
export const leaveMore = "memory[2] = groups.x; memory[3] = groups.y;";

/** The product that a loop over elements computes, if there is one, and what it is computed for. */
export const nameOf = ({ nodes, members }: Loop): string =>
  [...new Set([...nodes.filter(({ op }) => op.product !== undefined), ...members])].map(({ op }) => op.name).join(" ");

/** Workgroups of one row of a dispatch; a device allows 65,535, and rows make up for more. */
const widest = 32768;

/** Workgroups for so many invocations. */
export function groupsFor(invocations: number, size: number): readonly [number, number] {
  const groups = Math.ceil(invocations / size);
  return groups <= widest ? [Math.max(groups, 1), 1] : [widest, Math.ceil(groups / widest)];
}

/** Invocations of a workgroup where each works on its own: a multiple of every GPU's lanes. */
export const groupSize = 64;

/** The number of this invocation, as WGSL. */
export const invocation: string = `i32(id.x + id.y * groups.x * ${groupSize}u)`;
