import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Yoshida's solution C of order 6, drift first, seven forces per step; `yoshida6` is the better solution A.
 * Yoshida 1990, doi:10.1016/0375-9601(90)90092-3, table 1.
 */
export const yoshida6C: SymplecticSolver = symplecticSplitting({
  name: "yoshida6C",
  order: 6,
  sequence: [
    ["drift", 0.723891281199649],
    ["kick", 1.447782562399298],
    ["drift", -0.3481263769530457],
    ["kick", -2.144035316305389],
    ["drift", -1.0712532270105701],
    ["kick", 0.0015288622842492701],
    ["drift", 1.1954883227639668],
    ["kick", 2.3894477832436842],
    ["drift", 1.1954883227639668],
    ["kick", 0.0015288622842492701],
    ["drift", -1.0712532270105701],
    ["kick", -2.144035316305389],
    ["drift", -0.3481263769530457],
    ["kick", 1.447782562399298],
    ["drift", 0.723891281199649],
  ],
  reference: "Yoshida 1990, doi:10.1016/0375-9601(90)90092-3",
});
