import { isNowhereNoticed } from './ends.ts';

isNowhereNoticed('removal');
