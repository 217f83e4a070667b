import 'uplot/dist/uPlot.min.css';
import { type ReactNode, useEffect, useRef } from 'react';
import uPlot from 'uplot';

/** A colour of the page's style as it is now. */
export const styleColour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** What axes of every chart look like. */
export function axis(label: string, values?: (value: number) => string): uPlot.Axis {
  return {
    label,
    labelSize: 22,
    labelFont: '12px system-ui, sans-serif',
    font: '12px system-ui, sans-serif',
    stroke: () => styleColour('--faint'),
    grid: { stroke: () => styleColour('--line'), width: 1 },
    ticks: { stroke: () => styleColour('--line'), width: 1 },
    ...(values === undefined ? {} : { values: (_chart: uPlot, splits: number[]) => splits.map(values) }),
  };
}

/**
 * A chart that is as wide as its place. It is drawn anew when what it shows changes, or the page's colours.
 *
 * @param label what it shows, for whoever cannot see it: what matters in it is beside it as text or as a table.
 */
export function Chart({
  label,
  height,
  options,
  data,
}: {
  label: string;
  height: number;
  options: Omit<uPlot.Options, 'width' | 'height'>;
  data: uPlot.AlignedData;
}): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current } = place;
    if (current === null) return;
    const chart = new uPlot({ ...options, width: current.clientWidth, height }, data, current);
    const follow = new ResizeObserver(() => chart.setSize({ width: current.clientWidth, height }));
    follow.observe(current);
    // Colours are read while drawing.
    const recolour = new MutationObserver(() => chart.redraw());
    recolour.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      follow.disconnect();
      recolour.disconnect();
      chart.destroy();
    };
  }, [options, data, height]);
  return <div ref={place} className="chart" role="img" aria-label={label} />;
}
