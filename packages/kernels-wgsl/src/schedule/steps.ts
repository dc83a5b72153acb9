import type { Kernel } from "./kernel";
import type { TeamEmitter } from "./team-emitter";
import type { TeamLowering } from "./team-lowering";

/** What so few operations on elements come to, one workgroup does about as soon as the device begins another kernel. */
export const mostOperations = 4096;

/** Something that one workgroup may as well do, together with what stands before and after it. */
export interface Small {
  readonly name: string;
  /** Of how many invocations there is use. */
  readonly widest: number;
  readonly emit: (k: TeamEmitter, lowering: TeamLowering) => void;
  /** Its own kernels, for where it stands alone; undefined for one of a workgroup. */
  readonly alone?: () => readonly Kernel[];
  /** Must it be the first of a kernel? */
  readonly first?: boolean;
}

/** What a program does next. */
export type Step = Kernel | Small;
