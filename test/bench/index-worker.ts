import { benchIndex } from './index-bench.js';
import { serve } from './processes.js';

serve(async () => benchIndex());
