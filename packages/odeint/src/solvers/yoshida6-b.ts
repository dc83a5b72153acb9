import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Yoshida's solution B of order 6, drift first, seven forces per step; `yoshida6` is the better solution A.
 * Yoshida 1990, doi:10.1016/0375-9601(90)90092-3, table 1.
 */
export const yoshida6B: SymplecticSolver = symplecticSplitting({
  name: "yoshida6B",
  order: 6,
  sequence: [
    ["drift", 0.7199240839883916],
    ["kick", 1.4398481679767832],
    ["drift", 0.7220544249237876],
    ["kick", 0.004260681870792016],
    ["drift", -1.0640122700653298],
    ["kick", -2.1322852220014514],
    ["drift", 0.12203376115315065],
    ["kick", 2.376352744307753],
    ["drift", 0.12203376115315065],
    ["kick", -2.1322852220014514],
    ["drift", -1.0640122700653298],
    ["kick", 0.004260681870792016],
    ["drift", 0.7220544249237876],
    ["kick", 1.4398481679767832],
    ["drift", 0.7199240839883916],
  ],
  reference: "Yoshida 1990, doi:10.1016/0375-9601(90)90092-3",
});
