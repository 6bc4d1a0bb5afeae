import type { Plugin } from 'vite'

/**
 * Takes out of uPlot what the charts do not use: bars and splines, logarithmic scales, its own legend, its own words for
 * time. It is one large function that no bundler can shake. Of all JavaScript the dashboard may have it would be more than a third.
 * The version is pinned: a text that is not found is an error of the build, and says which.
 */
const cuts: readonly (readonly [what: string, instead: string])[] = [
  ['uPlot.rangeLog = rangeLog;', ''],
  ['uPlot.rangeAsinh = rangeAsinh;', ''],
  ['uPlot.join = join;', ''],
  ['uPlot.fmtDate = fmtDate;', ''],
  ['uPlot.tzDate  = tzDate;', ''],
  ['(paths.bars    = bars);', ''],
  ['(paths.spline  = monotoneCubic);', ''],
  // Scales are linear.
  ['sc.distr == 3 ? logAxisSplits : sc.distr == 4 ? asinhAxisSplits : numAxisSplits', 'numAxisSplits'],
  ['sc.distr >= 3 && sc.log == 10 ? log10AxisValsFilt : sc.distr == 3 && sc.log == 2 ? log2AxisValsFilt : retArg1', 'retArg1'],
  ['sc.distr == 3 ? snapLogX : sc.distr == 4 ? snapAsinhX : snapNumX', 'snapNumX'],
  ['sc.distr == 3 ? snapLogY : sc.distr == 4 ? snapAsinhY : snapNumY', 'snapNumY'],
  ['[_min, _max] = rangeLog(_min, _min, scaleX.log, false);', ';'],
  ['[_min, _max] = rangeAsinh(_min, _min, scaleX.log, false);', ';'],
  ['distr == 3 ? log10(sc.min) : distr == 4 ? asinh(sc.min, sc.asinh) : distr == 100 ? sc.fwd(sc.min) : sc.min', 'sc.min'],
  ['distr == 3 ? log10(sc.max) : distr == 4 ? asinh(sc.max, sc.asinh) : distr == 100 ? sc.fwd(sc.max) : sc.max', 'sc.max'],
  // Times are written by axis-time.ts.
  ['let isTime = sc.time;\n\n\t\t\t\tlet rn', 'const isTime = false;\n\n\t\t\t\tlet rn'],
  ['let isTime = mode == 1 && scales[s.scale].time;', 'const isTime = false;'],
  ['let isTime = sc.time;\n\n\t\t\taxis.size', 'const isTime = false;\n\n\t\t\taxis.size'],
  ['const [ timeIncrsMs, _timeAxisStampsMs, timeAxisSplitsMs ] = genTimeStuffs(1);', ''],
  ['const [ timeIncrsS,  _timeAxisStampsS,  timeAxisSplitsS  ] = genTimeStuffs(1e-3);', ''],
  ['const _fmtDate = (opts.fmtDate || fmtDate);', ''],
  ['const _timeAxisSplits = (ms == 1 ? timeAxisSplitsMs(_tzDate) : timeAxisSplitsS(_tzDate));', ''],
  ['const _timeAxisVals   = timeAxisVals(_tzDate, timeAxisStamps((ms == 1 ? _timeAxisStampsMs : _timeAxisStampsS), _fmtDate));', ''],
  ['const _timeSeriesVal  = timeSeriesVal(_tzDate, timeSeriesStamp(_timeSeriesStamp, _fmtDate));', ''],
  // All series share their times.
  ['const mode = u.mode;', 'const mode = 1;'],
  ['const mode = self.mode;', 'const mode = 1;'],
  // Nothing is chosen by dragging, on a phone it would be in the way of scrolling.
  ['if (select.show && dragging) {', 'if (false) {'],
  ['if (dragging) {\n\t\t\t// handle case', 'if (false) {\n\t\t\t// handle case'],
  ['onMouse(mousedown,  over, mouseDown);', ''],
  ['onMouse(dblclick, over, dblClick);', ''],
  ['events.mousedown = mouseDown;', ''],
  ['events.mouseup = mouseUp;', ''],
  ['events.dblclick = dblClick;', ''],
  // Series and bands stay as they were given.
  ['const cursorFocus = focus.prox >= 0;', 'const cursorFocus = false;'],
  ['const cursorOnePt = cursorFocus && points.one;', 'const cursorOnePt = false;'],
  ['if (axis.label != null) {', 'if (false) {'],
  ['if (opts.title) {', 'if (false) {'],
  ['self.addBand = addBand;', ''],
  ['self.setBand = setBand;', ''],
  ['self.delBand = delBand;', ''],
  ['self.delSeries = delSeries;', ''],
  ['self.addSeries = addSeries;', ''],
  ['self.setSeries = setSeries;', ''],
  ['idx != -1 && setSeries(idx, opts, true, false);', ''],
  // The line above a chart is its legend.
  ['const showLegend = legend.show;', 'const showLegend = false;'],
  ['if (legend.live) {\n\t\tconst getMultiVals', 'if (false) {\n\t\tconst getMultiVals'],
]

export function trimUplot(): Plugin {
  return {
    name: 'trim-uplot',
    apply: 'build',
    transform: {
      filter: { id: /uPlot\.esm\.js$/ },
      handler(code) {
        for (const [what, instead] of cuts) {
          if (code.split(what).length !== 2) this.error(`uPlot no longer holds ${JSON.stringify(what)} exactly once: dashboard/trim-uplot.ts is for another version`)
          code = code.replace(what, () => instead)
        }
        return { code, map: null }
      },
    },
  }
}
