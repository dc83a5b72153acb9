/** A stretch of a vector that one instruction moves: 16 bytes, or 8, 4, 2 or 1 at a multiple of as many. */
export interface Piece {
  readonly at: number;
  readonly bytes: number;
}

const whole: readonly Piece[] = [{ at: 0, bytes: 16 }];

/** Pieces that together are the first `bytes` of a vector and nothing beyond. */
export function pieces(bytes: number): readonly Piece[] {
  if (bytes === 16) return whole;
  const result: Piece[] = [];
  for (let size = 16, at = 0; size >= 1; size /= 2)
    if (bytes - at >= size) {
      result.push({ at, bytes: size });
      at += size;
    }
  return result;
}
