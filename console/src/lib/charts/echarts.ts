import { LineChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

// Only what is drawn; the whole of ECharts is twice as heavy. This file is loaded when the first chart is seen.
use([LineChart, GridComponent, TooltipComponent, MarkLineComponent, CanvasRenderer]);

export { init };
