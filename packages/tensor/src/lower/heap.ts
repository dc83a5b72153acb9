import type { Value } from "./emitter";
import { int, type Site } from "./addressing";
import { matmulPanel } from "./machine";

/**
 * Rows of dynamic values lie above all frames and are given out as a stack: the int32 at address 0 is the first free byte. A loop's
 * iteration gives back what was taken within it.
 */
const top = 0;

/** The number of the first failure of a run, 0 if there was none. */
export const failureWord = 4;

/** Frames begin after these words, and those by which threads meet. */
export const firstFrame = 512;

/** On CPUs numbers that were noted with the failure come first, float64. */
export const failureFacts: number = firstFrame;

/** Where several threads run, each has working memory for products, and frames begin after that. */
export const threadPanels: number = firstFrame + 128;
export const panelBytes: number = matmulPanel.steps * matmulPanel.stepBytes;

/** Where frames begin. */
export const frameStart = (threads: number): number => threadPanels + (threads > 1 ? threads * panelBytes : 0);

export const readTop = ({ k }: Site): Value => k.load("int32", int(k, top), 0);
export const writeTop = ({ k }: Site, value: Value): void => k.store("int32", int(k, top), 0, value);

/** Takes bytes (a multiple of 16) and gives their address. */
export function takeBytes(site: Site, bytes: Value): Value {
  const address = readTop(site);
  const { k } = site;
  const end = k.add(address, bytes);
  // Past 4 GiB addresses begin again at 0, where the frames are.
  k.if(k.less(k.bitcast(end, "uint32"), k.bitcast(address, "uint32")), () => k.trap());
  k.ensure(end);
  writeTop(site, end);
  return address;
}
