/* The sparse parts of a dictionary's training step on a CPU. Plain C11 with GCC's vector types; no libraries.
 *
 * Entries are active latents, row by row: offsets[row] .. offsets[row + 1] index latents[] and values[].
 * Each function works on a range of rows, so that threads can share a batch. No function allocates more than a row.
 * Functions come twice: with activations in bfloat16 (uint16_t, suffix _h) and in float (suffix _f).
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef float v16f __attribute__((vector_size(64), aligned(4)));
typedef uint32_t v16u __attribute__((vector_size(64), aligned(4)));
typedef uint16_t v16h __attribute__((vector_size(32), aligned(2)));
#define LANES 16

static inline v16f load_f(const float *p) { return *(const v16f *)p; }
static inline v16f load_h(const uint16_t *p) {
    v16u wide = __builtin_convertvector(*(const v16h *)p, v16u) << 16;
    v16f out;
    memcpy(&out, &wide, sizeof out);
    return out;
}
static inline float one_f(float x) { return x; }
static inline float one_h(uint16_t x) {
    uint32_t wide = (uint32_t)x << 16;
    float out;
    memcpy(&out, &wide, sizeof out);
    return out;
}
static inline float keep_f(float x) { return x; }
static inline uint16_t keep_h(float x) { /* round to nearest, ties to even; what comes in is finite */
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}
static inline float sum16(v16f v) {
    float total = 0;
    for (int i = 0; i < LANES; i++) total += v[i];
    return total;
}

/* Positive floats, read as signed integers, keep their order, and negative ones fall below zero: so maxima and the
 * selection of the highest positive values are integer work. KEY is int16_t for bfloat16, int32_t for float. */
#define DEFINE_TOPK(S, KEY, T)                                                                                         \
    static int64_t reach_##S(const KEY *key, int64_t n, KEY bound) {                                                   \
        int64_t count = 0;                                                                                             \
        for (int64_t start = 0; start < n; start += 16384) {                                                           \
            int64_t end = start + 16384 < n ? start + 16384 : n;                                                       \
            KEY some = 0;                                                                                              \
            for (int64_t j = start; j < end; j++) some = (KEY)(some + (key[j] >= bound));                              \
            count += some;                                                                                             \
        }                                                                                                              \
        return count;                                                                                                  \
    }                                                                                                                  \
    /* The k-th highest of n positive keys, or 1 where fewer are positive. By bisection: counting has no branches. */  \
    static KEY bound_##S(const KEY *key, int64_t n, int64_t k) {                                                       \
        int64_t low = 1, high = 1;                                                                                     \
        for (int64_t j = 0; j < n; j++) high = key[j] > high ? key[j] : high;                                          \
        while (low < high) {                                                                                           \
            int64_t middle = (low + high + 1) / 2;                                                                     \
            if (reach_##S(key, n, (KEY)middle) >= k) low = middle;                                                     \
            else high = middle - 1;                                                                                    \
        }                                                                                                              \
        return (KEY)low;                                                                                               \
    }                                                                                                                  \
    /* The k highest positive of each row of pre [rows, width]: latents and values [rows, k], counts [rows].           \
     * The row is folded into `lanes` columns. The k-th highest of the columns' maxima bounds the k-th highest value   \
     * from below, so only columns whose maximum reaches it are looked into. Exact; of equals the first are taken. */  \
    void topk_##S(const T *pre, int64_t width, int64_t k, int64_t first, int64_t last, int32_t *latents,               \
                  float *values, int32_t *counts) {                                                                    \
        int64_t lanes = 64;                                                                                            \
        while (lanes < 8 * k && lanes * 8 <= width) lanes *= 2;                                                        \
        int folds = k < lanes / 2 && lanes * 4 <= width;                                                               \
        KEY *most = malloc(sizeof(KEY) * (size_t)lanes), *key = malloc(sizeof(KEY) * (size_t)width);                   \
        int32_t *at = malloc(sizeof(int32_t) * (size_t)width);                                                         \
        for (int64_t row = first; row < last; row++) {                                                                 \
            const KEY *x = (const KEY *)(pre + row * width);                                                           \
            int64_t n = 0;                                                                                             \
            if (folds) {                                                                                               \
                memcpy(most, x, sizeof(KEY) * (size_t)lanes);                                                          \
                int64_t start = lanes;                                                                                 \
                for (; start + lanes <= width; start += lanes)                                                         \
                    for (int64_t j = 0; j < lanes; j++) most[j] = x[start + j] > most[j] ? x[start + j] : most[j];     \
                for (int64_t j = 0; start + j < width; j++)                                                            \
                    most[j] = x[start + j] > most[j] ? x[start + j] : most[j];                                         \
                KEY least = bound_##S(most, lanes, k);                                                                 \
                for (int64_t j = 0; j < lanes; j++)                                                                    \
                    if (most[j] >= least)                                                                              \
                        for (int64_t f = j; f < width; f += lanes)                                                     \
                            if (x[f] >= least) key[n] = x[f], at[n++] = (int32_t)f;                                    \
            } else {                                                                                                   \
                for (int64_t f = 0; f < width; f++)                                                                    \
                    if (x[f] > 0) key[n] = x[f], at[n++] = (int32_t)f;                                                 \
            }                                                                                                          \
            KEY bound = bound_##S(key, n, k);                                                                          \
            int64_t ties = k - reach_##S(key, n, (KEY)(bound + 1)), kept = 0;                \
            for (int64_t j = 0; j < n && kept < k; j++)                                                                \
                if (key[j] > bound || (key[j] == bound && ties-- > 0)) {                                               \
                    latents[row * k + kept] = at[j];                                                                   \
                    values[row * k + kept++] = one_##S(pre[row * width + at[j]]);                                      \
                }                                                                                                      \
            counts[row] = (int32_t)kept;                                                                               \
        }                                                                                                              \
        free(most), free(key), free(at);                                                                               \
    }
DEFINE_TOPK(h, int16_t, uint16_t)
DEFINE_TOPK(f, int32_t, float)

/* Entries above a threshold per latent, for rows first .. last: how many (latents NULL), or which. */
#define DEFINE_ABOVE(S, T)                                                                                             \
    void above_##S(const T *pre, const float *threshold, int64_t width, int64_t first, int64_t last,                   \
                   int64_t *counts, const int64_t *offsets, int32_t *latents, float *values) {                         \
        for (int64_t row = first; row < last; row++) {                                                                 \
            const T *x = pre + row * width;                                                                            \
            int64_t n = latents ? offsets[row] : 0;                                                                    \
            int64_t f = 0;                                                                                             \
            for (; f + 64 <= width; f += 64) {                                                                         \
                int32_t some = 0;                                                                                      \
                for (int j = 0; j < 64; j++) some += one_##S(x[f + j]) > threshold[f + j];                             \
                if (!some) continue;                                                                                   \
                if (!latents) {                                                                                        \
                    n += some;                                                                                         \
                    continue;                                                                                          \
                }                                                                                                      \
                for (int j = 0; j < 64; j++)                                                                           \
                    if (one_##S(x[f + j]) > threshold[f + j])                                                          \
                        latents[n] = (int32_t)(f + j), values[n++] = one_##S(x[f + j]);                                \
            }                                                                                                          \
            for (; f < width; f++)                                                                                     \
                if (one_##S(x[f]) > threshold[f]) {                                                                    \
                    if (latents) latents[n] = (int32_t)f, values[n] = one_##S(x[f]);                                   \
                    n++;                                                                                               \
                }                                                                                                      \
            if (!latents) counts[row] = n;                                                                             \
        }                                                                                                              \
    }
DEFINE_ABOVE(h, uint16_t)
DEFINE_ABOVE(f, float)

/* y += a * x over n floats. */
static inline void add_scaled(float *y, const float *x, float a, int64_t n) {
    int64_t j = 0;
    for (; j + LANES <= n; j += LANES) *(v16f *)(y + j) += a * load_f(x + j);
    for (; j < n; j++) y[j] += a * x[j];
}
static inline float dot(const float *x, const float *y, int64_t n) {
    v16f a = {0}, b = {0};
    int64_t j = 0;
    for (; j + 2 * LANES <= n; j += 2 * LANES) {
        a += load_f(x + j) * load_f(y + j);
        b += load_f(x + j + LANES) * load_f(y + j + LANES);
    }
    float total = sum16(a + b);
    for (; j < n; j++) total += x[j] * y[j];
    return total;
}

/* Weighted rows of W [width, d] summed into x [d], 128 columns at a time in registers. */
static void sum_rows(float *x, const float *W, const int32_t *latents, const float *values, int64_t n, int64_t d) {
    int64_t c = 0;
    for (; c + 8 * LANES <= d; c += 8 * LANES) {
        v16f acc[8];
        for (int i = 0; i < 8; i++) acc[i] = load_f(x + c + i * LANES);
        for (int64_t j = 0; j < n; j++) {
            const float *w = W + (int64_t)latents[j] * d + c;
            float a = values[j];
            for (int i = 0; i < 8; i++) acc[i] += a * load_f(w + i * LANES);
        }
        for (int i = 0; i < 8; i++) *(v16f *)(x + c + i * LANES) = acc[i];
    }
    if (c < d)
        for (int64_t j = 0; j < n; j++) add_scaled(x + c, W + (int64_t)latents[j] * d + c, values[j], d - c);
}

/* Decode, squared error, and its gradients, a row at a time while its decoder rows are in the cache.
 *
 * Latents below bounds[0] make the first reconstruction, those below bounds[1] the second, and so on to `groups`: the
 * nested reconstructions of Matryoshka dictionaries (one group for all others). With x_i the i-th reconstruction,
 *   loss = sum over rows and i of |x_i - target|^2 * weight
 *   grads[row, i] = sum over j >= i of d loss / d x_j,      dvalues = d loss / d values.
 * base is what a reconstruction starts from: [rows, d], or one row for all with stride 0. */
#define DEFINE_FIT(S, T)                                                                                               \
    void fit_##S(const int64_t *offsets, const int32_t *latents, const float *values, const float *W,                  \
                 const float *base, int64_t stride, const float *target, int64_t d, const int32_t *bounds,             \
                 int64_t groups, float weight, int64_t first, int64_t last, T *grads, float *dvalues,                  \
                 double *losses) {                                                                                     \
        float *x = malloc(sizeof(float) * (size_t)d), *g = malloc(sizeof(float) * (size_t)(d * groups));               \
        int64_t room = 0;                                                                                              \
        for (int64_t row = first; row < last; row++)                                                                   \
            room = offsets[row + 1] - offsets[row] > room ? offsets[row + 1] - offsets[row] : room;                    \
        int32_t *some = malloc(sizeof(int32_t) * (size_t)(room + 1));                                                  \
        float *much = malloc(sizeof(float) * (size_t)(room + 1));                                                      \
        double total = 0;                                                                                              \
        for (int64_t row = first; row < last; row++) {                                                                 \
            int64_t begin = offsets[row], n = offsets[row + 1] - begin;                                                \
            if (row + 1 < last)                                                                                        \
                for (int64_t j = offsets[row + 1]; j < offsets[row + 2]; j++)                                          \
                    for (int64_t c = 0; c < d; c += LANES) __builtin_prefetch(W + (int64_t)latents[j] * d + c, 0, 2);  \
            memcpy(x, base + row * stride, sizeof(float) * (size_t)d);                                                 \
            const float *y = target + row * d;                                                                         \
            for (int64_t i = 0; i < groups; i++) {                                                                     \
                int64_t m = 0;                                                                                         \
                if (groups == 1) {                                                                                     \
                    sum_rows(x, W, latents + begin, values + begin, n, d);                                             \
                } else {                                                                                               \
                    for (int64_t j = begin; j < begin + n; j++)                                                        \
                        if (latents[j] < bounds[i] && (i == 0 || latents[j] >= bounds[i - 1]))                         \
                            some[m] = latents[j], much[m++] = values[j];                                               \
                    sum_rows(x, W, some, much, m, d);                                                                  \
                }                                                                                                      \
                float *e = g + i * d, squares = 0;                                                                     \
                v16f sq = {0};                                                                                         \
                int64_t c = 0;                                                                                         \
                for (; c + LANES <= d; c += LANES) {                                                                   \
                    v16f r = load_f(x + c) - load_f(y + c);                                                            \
                    sq += r * r;                                                                                       \
                    *(v16f *)(e + c) = (2 * weight) * r;                                                               \
                }                                                                                                      \
                for (; c < d; c++) {                                                                                   \
                    float r = x[c] - y[c];                                                                             \
                    squares += r * r, e[c] = 2 * weight * r;                                                           \
                }                                                                                                      \
                total += (double)(squares + sum16(sq)) * weight;                                                       \
            }                                                                                                          \
            for (int64_t i = groups - 2; i >= 0; i--) add_scaled(g + i * d, g + (i + 1) * d, 1, d);                    \
            for (int64_t j = begin; j < begin + n; j++) {                                                              \
                int64_t i = 0;                                                                                         \
                while (i < groups - 1 && latents[j] >= bounds[i]) i++;                                                 \
                dvalues[j] = dot(g + i * d, W + (int64_t)latents[j] * d, d);                                           \
            }                                                                                                          \
            for (int64_t c = 0; c < groups * d; c++) grads[row * groups * d + c] = keep_##S(g[c]);                     \
        }                                                                                                              \
        *losses = total;                                                                                               \
        free(x), free(g), free(some), free(much);                                                                      \
    }
DEFINE_FIT(h, uint16_t)
DEFINE_FIT(f, float)

/* Orders entries by latent (a counting sort, stable): starts [width + 1], and per place the row and the entry. */
void by_latent(const int64_t *offsets, const int32_t *latents, int64_t rows, int64_t width, int64_t *starts,
               int32_t *row_of, int32_t *entry_of) {
    memset(starts, 0, sizeof(int64_t) * (size_t)(width + 1));
    for (int64_t j = 0; j < offsets[rows]; j++) starts[latents[j] + 1]++;
    for (int64_t f = 0; f < width; f++) starts[f + 1] += starts[f];
    for (int64_t row = 0; row < rows; row++)
        for (int64_t j = offsets[row]; j < offsets[row + 1]; j++) {
            int64_t place = starts[latents[j]]++;
            row_of[place] = (int32_t)row, entry_of[place] = (int32_t)j;
        }
    memmove(starts + 1, starts, sizeof(int64_t) * (size_t)width);
    starts[0] = 0;
}

/* Gradient of a weight [n, d]: row i gets the sum over its entries of much[entry] * M[place of its row].
 *
 * touched[i] is the latent of row i. M has `groups` rows of d per row of the batch; a latent's is the group it is in.
 * Columns are taken 128 at a time, so that the slice of M that is gathered from stays in the cache. */
#define DEFINE_WEIGHT(S, T)                                                                                            \
    void weight_##S(const int64_t *starts, const int32_t *row_of, const int32_t *entry_of, const float *much,          \
                    const T *M, int64_t d, const int32_t *bounds, int64_t groups, const int32_t *touched,              \
                    int64_t first, int64_t last, float *out, double *squares) {                                        \
        double total = 0;                                                                                              \
        for (int64_t c = 0; c < d; c += 8 * LANES) {                                                                   \
            int64_t here = d - c < 8 * LANES ? d - c : 8 * LANES;                                                      \
            for (int64_t i = first; i < last; i++) {                                                                   \
                int32_t f = touched[i];                                                                                \
                int64_t group = 0, end = starts[f + 1];                                                                \
                while (group < groups - 1 && f >= bounds[group]) group++;                                              \
                float *o = out + i * d + c;                                                                            \
                if (here == 8 * LANES) {                                                                               \
                    v16f acc[8] = {{0}};                                                                               \
                    for (int64_t p = starts[f]; p < end; p++) {                                                        \
                        const T *m = M + ((int64_t)row_of[p] * groups + group) * d + c;                                \
                        float a = much[entry_of[p]];                                                                   \
                        if (p + 2 < end) {                                                                             \
                            const char *next = (const char *)(M + ((int64_t)row_of[p + 2] * groups + group) * d + c);  \
                            for (size_t line = 0; line < 8 * LANES * sizeof(T); line += 64)                            \
                                __builtin_prefetch(next + line);                                                       \
                        }                                                                                              \
                        for (int k = 0; k < 8; k++) acc[k] += a * load_##S(m + k * LANES);                             \
                    }                                                                                                  \
                    v16f sq = {0};                                                                                     \
                    for (int k = 0; k < 8; k++) *(v16f *)(o + k * LANES) = acc[k], sq += acc[k] * acc[k];              \
                    total += sum16(sq);                                                                                \
                } else {                                                                                               \
                    memset(o, 0, sizeof(float) * (size_t)here);                                                        \
                    for (int64_t p = starts[f]; p < end; p++) {                                                        \
                        const T *m = M + ((int64_t)row_of[p] * groups + group) * d + c;                                \
                        for (int64_t j = 0; j < here; j++) o[j] += much[entry_of[p]] * one_##S(m[j]);                  \
                    }                                                                                                  \
                    for (int64_t j = 0; j < here; j++) total += (double)o[j] * o[j];                                   \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        *squares = total;                                                                                              \
    }
DEFINE_WEIGHT(h, uint16_t)
DEFINE_WEIGHT(f, float)

/* Adam (Kingma & Ba 2014) on chosen rows of a weight [width, d], with its gradient [n, d] scaled; then, if asked, each
 * row is brought to length 1, and a bfloat16 copy of it kept. One pass over memory. */
void adam_rows(const int32_t *touched, int64_t first, int64_t last, int64_t d, float *weight, const float *grad,
               float *mean, float *square, float scale, float rate, float beta1, float beta2, float eps, float right1,
               float right2, int32_t unit, uint16_t *half) {
    float step = rate / right1, root = 1 / sqrtf(right2);
    for (int64_t i = first; i < last; i++) {
        int64_t at = (int64_t)touched[i] * d;
        float *w = weight + at, *m = mean + at, *v = square + at;
        const float *g = grad + i * d;
        float length = 0;
        for (int64_t j = 0; j < d; j++) {
            float x = g[j] * scale;
            m[j] = beta1 * m[j] + (1 - beta1) * x;
            v[j] = beta2 * v[j] + (1 - beta2) * x * x;
            w[j] -= step * m[j] / (sqrtf(v[j]) * root + eps);
        }
        if (unit) {
            length = sqrtf(dot(w, w, d));
            float by = length > 1e-12f ? 1 / length : 1;
            for (int64_t j = 0; j < d; j++) w[j] *= by;
        }
        if (half)
            for (int64_t j = 0; j < d; j++) half[at + j] = keep_h(w[j]);
    }
}
