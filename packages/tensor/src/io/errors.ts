/** Bytes that are not a file of the format, or that hold what tensors cannot. */
export class FormatError extends Error {
  override readonly name: string = "FormatError";
}
