import { FormatError } from "./errors";

/** A prefix code as a table: for every run of `bits` bits the symbol that it begins with, times 16, plus how many bits that takes; 0 for none. */
interface PrefixCode {
  readonly bits: number;
  readonly table: Uint16Array;
}

/** Lengths and distances: the least that a symbol stands for, and how many bits more tell what lies above. */
interface Steps {
  readonly least: readonly number[];
  readonly extra: readonly number[];
}

/** The order in which lengths of the code for lengths stand (RFC 1951, 3.2.7). */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

function stepsFrom(first: number, count: number, perDoubling: number): Steps {
  const least: number[] = [];
  const extra: number[] = [];
  let next = first;
  for (let symbol = 0; symbol < count; symbol++) {
    extra.push(Math.max(0, Math.floor(symbol / perDoubling) - 1));
    least.push(next);
    next += 1 << extra[symbol]!;
  }
  return { least, extra };
}

function lengthSteps(): Steps {
  const { least, extra } = stepsFrom(3, 28, 4);
  return { least: [...least, 258], extra: [...extra, 0] };
}

/** The code whose symbols have words of these lengths (RFC 1951, 3.2.2). @throws FormatError where there can be no such code */
function prefixCode(lengths: Uint8Array): PrefixCode {
  const counts = new Uint16Array(16);
  for (const length of lengths) if (length > 0) counts[length]!++;
  let bits = 15;
  while (bits > 1 && counts[bits] === 0) bits--;
  const next = new Uint32Array(16);
  for (let length = 1, code = 0; length <= bits; length++) {
    next[length] = code;
    code = (code + counts[length]!) << 1;
    if (code > 2 << length) throw new FormatError("deflated data hold a code with too many words");
  }
  const table = new Uint16Array(1 << bits);
  lengths.forEach((length, symbol) => {
    if (length === 0) return;
    // Words come with their first bit lowest.
    let word = 0;
    for (let bit = 0, code = next[length]!++; bit < length; bit++, code >>= 1) word = (word << 1) | (code & 1);
    for (let at = word; at < table.length; at += 1 << length) table[at] = (symbol << 4) | length;
  });
  return { bits, table };
}

const fixedCodes = (): [PrefixCode, PrefixCode] => [
  prefixCode(Uint8Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8))),
  prefixCode(new Uint8Array(30).fill(5)),
];

class BitReader {
  readonly #bytes: Uint8Array;
  /** In bits. */
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next 16 bits and more; zeros after the end. */
  #ahead(): number {
    const at = this.#at >> 3;
    const bytes = this.#bytes;
    return ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)) >> (this.#at & 7);
  }

  #move(count: number): void {
    this.#at += count;
    if (this.#at > 8 * this.#bytes.length) throw new FormatError("deflated data end too early");
  }

  bits(count: number): number {
    const value = this.#ahead() & ((1 << count) - 1);
    this.#move(count);
    return value;
  }

  symbol({ bits, table }: PrefixCode): number {
    const entry = table[this.#ahead() & ((1 << bits) - 1)]!;
    if (entry === 0) throw new FormatError("deflated data hold a word of no code");
    this.#move(entry & 15);
    return entry >> 4;
  }

  /** Whole bytes, from the next one on. */
  bytes(count: number): Uint8Array {
    const from = (this.#at + 7) >> 3;
    this.#at = 8 * from;
    this.#move(8 * count);
    return this.#bytes.subarray(from, from + count);
  }
}

function readCodes(reader: BitReader): [PrefixCode, PrefixCode] {
  const literals = reader.bits(5) + 257;
  const distances = reader.bits(5) + 1;
  const count = reader.bits(4) + 4;
  const own = new Uint8Array(19);
  for (let i = 0; i < count; i++) own[lengthOrder[i]!] = reader.bits(3);
  const code = prefixCode(own);
  const lengths = new Uint8Array(literals + distances);
  for (let at = 0; at < lengths.length; ) {
    const symbol = reader.symbol(code);
    if (symbol < 16) lengths[at++] = symbol;
    else {
      const repeated = symbol === 16 ? (lengths[at - 1] ?? 0) : 0;
      const times = symbol === 16 ? 3 + reader.bits(2) : symbol === 17 ? 3 + reader.bits(3) : 11 + reader.bits(7);
      if (at + times > lengths.length) throw new FormatError("deflated data hold too many lengths");
      lengths.fill(repeated, at, at + times);
      at += times;
    }
  }
  return [prefixCode(lengths.subarray(0, literals)), prefixCode(lengths.subarray(literals))];
}

/**
 * What deflated bytes hold: Deutsch 1996, RFC 1951.
 * @param size how many bytes that are
 * @throws FormatError for anything else, or for more or fewer of them
 */
export function inflate(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  const reader = new BitReader(bytes);
  const lengths = lengthSteps();
  const distances = stepsFrom(1, 30, 2);
  const full = (): never => {
    throw new FormatError(`deflated data hold more than the ${size} bytes that were said`);
  };
  let at = 0;

  function stored(): void {
    const head = reader.bytes(4);
    const count = head[0]! | (head[1]! << 8);
    if ((count ^ (head[2]! | (head[3]! << 8))) !== 0xffff) throw new FormatError("deflated data hold a broken block");
    if (at + count > size) full();
    out.set(reader.bytes(count), at);
    at += count;
  }

  function coded([literals, backwards]: readonly [PrefixCode, PrefixCode]): void {
    for (;;) {
      const symbol = reader.symbol(literals);
      if (symbol === 256) return;
      if (symbol < 256) {
        if (at === size) full();
        out[at++] = symbol;
        continue;
      }
      const length = valueOf(lengths, symbol - 257);
      const distance = valueOf(distances, reader.symbol(backwards));
      if (distance > at) throw new FormatError("deflated data refer to what is before their start");
      if (at + length > size) full();
      // Byte by byte: what is copied may overlap with where it goes.
      for (const end = at + length; at < end; at++) out[at] = out[at - distance]!;
    }
  }

  function valueOf({ least, extra }: Steps, symbol: number): number {
    const from = least[symbol];
    if (from === undefined) throw new FormatError("deflated data hold a word of no meaning");
    return from + reader.bits(extra[symbol]!);
  }

  for (let last = false; !last; ) {
    last = reader.bits(1) === 1;
    const kind = reader.bits(2);
    if (kind === 3) throw new FormatError("deflated data hold a block of no known kind");
    if (kind === 0) stored();
    else coded(kind === 1 ? fixedCodes() : readCodes(reader));
  }
  if (at < size) throw new FormatError(`deflated data hold ${at} bytes where ${size} were said`);
  return out;
}
