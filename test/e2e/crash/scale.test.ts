import { isNowhereNoticed } from './ends.ts';

isNowhereNoticed('scale');
