import type { Node } from "@dzdt/tensor";
import type { Lowering, Plan } from "@dzdt/tensor/lower";
import type { WgslModule } from "../wgsl/module";
import type { Kernel } from "./kernel";
import { linesBytes, linesKernel, linesOf } from "./lines";
import { passesBytes, passesKernels, passesOf } from "./passes";

/** A whole result that many invocations make. */
export interface Apart {
  /** Of the working memory that they need. */
  readonly bytes: number;
  /** Can invocations of a workgroup make it as well? They have no working memory. */
  readonly shared: boolean;
  /** With their working memory at `base`. */
  readonly kernels: (base: number) => Kernel[];
}

/** How the kernel rule of a node is taken apart: in passes over all elements, or line by line. Undefined for one invocation. */
export function apartOf(module: WgslModule, lowering: Lowering, plan: Plan, node: Node): Apart | undefined {
  const passes = passesOf(plan, node);
  if (passes)
    return {
      bytes: passesBytes(passes),
      shared: false,
      kernels: (base) => passesKernels(module, lowering, plan, node, passes, base),
    };
  const lines = linesOf(module, lowering, plan, node);
  return (
    lines && {
      bytes: linesBytes(lines),
      shared: lines.bytes === 0,
      kernels: (base) => [linesKernel(module, lowering, plan, node, lines, base)],
    }
  );
}
