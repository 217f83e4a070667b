import { type ReactNode, useMemo } from 'react';
import uPlot from 'uplot';
import { axis, Chart, styleColour } from '../parts/chart.js';

/** How many exams changed by how much: equal bins from -1 to 1, zoomed to those that hold any. */
export function ChangeHistogram({ signed }: { signed: readonly number[] }): ReactNode {
  const chart = useMemo(() => {
    const width = 2 / signed.length;
    const middles = signed.map((_, index) => -1 + (index + 0.5) * width);
    const farthest = Math.max(...signed.map((exams, index) => (exams > 0 ? Math.abs(middles[index] as number) : 0)));
    // Symmetric, so that up and down are seen for what they are.
    const reach = Math.min(1, farthest + 2 * width);
    const options: Omit<uPlot.Options, 'width' | 'height'> = {
      scales: {
        x: { time: false, range: [-reach, reach] },
        y: { range: (_drawn, _low, high) => [0, Math.max(1, high)] },
      },
      axes: [
        axis('change of the probability'),
        axis('exams', (value) => (Number.isInteger(value) ? String(value) : '')),
      ],
      series: [
        {},
        {
          paths: uPlot.paths.bars?.({ size: [0.95, 60] }) as uPlot.Series.PathBuilder,
          fill: () => styleColour('--bar'),
          stroke: () => styleColour('--bar'),
          points: { show: false },
        },
      ],
      cursor: { show: false },
    };
    return { options, data: [middles, [...signed]] as uPlot.AlignedData };
  }, [signed]);
  return <Chart label="How many exams changed by how much. The figures below say it." height={260} {...chart} />;
}
