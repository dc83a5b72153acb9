/** Numbers of the `GPUBufferUsage` and `GPUMapMode` flags, which are globals in browsers only. */
export const usage = {
  mapRead: 0x1,
  copySource: 0x4,
  copyTarget: 0x8,
  uniform: 0x40,
  storage: 0x80,
  indirect: 0x100,
} as const;
export const mapRead = 0x1;
/** GPUShaderStage.COMPUTE */
export const computeStage = 0x4;
