import { type ReactNode, useMemo, useState } from 'react';
import type uPlot from 'uplot';
import { useLocation } from 'wouter';
import type { ConsoleComparison } from '../../contract/compare.js';
import { axis, Chart, styleColour } from '../parts/chart.js';

/** How near the pointer has to be to a point, in pixels. */
const REACH = 14;

/** Each exam's probability before against after: what is on the diagonal did not move. A click opens the exam. */
export function Scatter({
  points,
  threshold,
  sides,
}: {
  points: ConsoleComparison['points'];
  threshold: number;
  sides: string;
}): ReactNode {
  const [, go] = useLocation();
  const [near, setNear] = useState<string>();
  const chart = useMemo(() => {
    // The chart wants its x values in order.
    const order = points.exams
      .map((_, index) => index)
      .sort((a, b) => (points.before[a] ?? 0) - (points.before[b] ?? 0));
    const pick = (values: readonly number[]): number[] => order.map((index) => values[index] as number);
    const exams = order.map((index) => points.exams[index] as string);
    const [before, after] = [pick(points.before), pick(points.after)];
    const nearest = (drawn: uPlot): number | undefined => {
      const { left = -1, top = -1 } = drawn.cursor;
      let [best, distance] = [-1, REACH];
      for (let index = 0; index < exams.length; index += 1) {
        const x = drawn.valToPos(before[index] as number, 'x') - left;
        const y = drawn.valToPos(after[index] as number, 'y') - top;
        if (Math.hypot(x, y) < distance) [best, distance] = [index, Math.hypot(x, y)];
      }
      return best < 0 ? undefined : best;
    };
    const options: Omit<uPlot.Options, 'width' | 'height'> = {
      scales: { x: { time: false, range: [0, 1] }, y: { range: [0, 1] } },
      axes: [axis('before'), axis('after')],
      series: [
        {},
        {
          paths: () => null,
          points: {
            show: true,
            size: 6,
            width: 1,
            stroke: () => styleColour('--accent'),
            fill: () => styleColour('--accent-soft'),
          },
        },
      ],
      cursor: { points: { show: false }, drag: { x: false, y: false } },
      hooks: {
        drawAxes: [(drawn) => drawGuides(drawn, threshold)],
        setCursor: [
          (drawn) => {
            const index = nearest(drawn);
            setNear(
              index === undefined
                ? undefined
                : `${exams[index]}: ${before[index]?.toFixed(4)} before, ${after[index]?.toFixed(4)} after`,
            );
          },
        ],
        ready: [
          (drawn) =>
            drawn.over.addEventListener('click', () => {
              const index = nearest(drawn);
              if (index !== undefined) go(`/compare/${encodeURIComponent(exams[index] as string)}?${sides}`);
            }),
        ],
      },
    };
    return { options, data: [before, after] as uPlot.AlignedData };
  }, [points, threshold, sides, go]);
  return (
    <>
      <Chart label="Probability before and after of each exam. The tables below name them." height={380} {...chart} />
      <p className="chart-note">{near ?? 'Point at an exam to see its name, click to open it.'}</p>
    </>
  );
}

/** The diagonal, on which nothing moved, and the threshold on both sides. */
function drawGuides({ ctx, valToPos, bbox }: uPlot, threshold: number): void {
  const x = (value: number): number => valToPos(value, 'x', true);
  const y = (value: number): number => valToPos(value, 'y', true);
  ctx.save();
  ctx.strokeStyle = styleColour('--line-strong');
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(x(0), y(0));
  ctx.lineTo(x(1), y(1));
  ctx.stroke();
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x(threshold), bbox.top);
  ctx.lineTo(x(threshold), bbox.top + bbox.height);
  ctx.moveTo(bbox.left, y(threshold));
  ctx.lineTo(bbox.left + bbox.width, y(threshold));
  ctx.stroke();
  ctx.restore();
}
