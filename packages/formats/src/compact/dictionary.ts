/**
 * What headers have in common, for the compression of headers in files of version 1; the commonest comes last. A change here
 * makes a new version of the file.
 */
const PIECES = [
  '{"format":"graph-model","generatedBy":"2.8.0","convertedBy":"TensorFlow.js Converter v4.22.0","modelTopology":{"node":[{"name":"StatefulPartitionedCall/model/',
  'input_1","op":"Placeholder","attr":{"shape":{"shape":{"dim":[{"size":"-1"},{"size":"224"},{"size":"224"},{"size":"3"}]}},"dtype":{"type":"DT_FLOAT"}}},',
  '{"name":"unknown","op":"Const","attr":{"value":{"tensor":{"dtype":"DT_FLOAT","tensorShape":{"dim":[{"size":"1"}]}}},"dtype":{"type":"DT_FLOAT"}}},',
  '{"name":"Identity","op":"FusedDepthwiseConv2dNative","input":["","op":"_FusedConv2D","input":["","","device":"/device:CPU:0","attr":{"num_args":{"i":"1"},"fused_ops":{"list":{"s":["Qmlhc0FkZA==","UmVsdQ=="]}},',
  '"explicit_paddings":{"list":{}},"T":{"type":"DT_FLOAT"},"data_format":{"s":"TkhXQw=="},"dilations":{"list":{"i":["1","1","1","1"]}},"strides":{"list":{"i":["1","2","2","1"]}},',
  '"padding":{"s":"U0FNRQ=="},"epsilon":{"f":0.0},"use_cudnn_on_gpu":{"b":true},"transpose_a":{"b":false},"transpose_b":{"b":false}}},"op":"MatMul","op":"AddV2","op":"Relu6","op":"MaxPool","op":"Reshape","op":"Softmax",',
  '"library":{},"versions":{"producer":440}},"signature":{"inputs":{"":{"name":":0","dtype":"DT_FLOAT","tensorShape":{"dim":[{"size":"-1"}]}}},"outputs":{}},',
  '"quantization":{"dtype":"uint8","min":-,"scale":0.0,"original_dtype":"float32"},"dtype":"int32","dtype":"bool","dtype":"string"',
  '"trainingConfig":{"loss":"categorical_crossentropy","metrics":["accuracy"],"optimizer_config":{"class_name":"Adam","config":{"learning_rate":0.001}}}',
  '{"class_name":"Model","config":{"name":"model1","class_name":"Functional","input_layers":[["input",0,0]],"output_layers":[["fc",0,0]]},"keras_version":"2.4.0","backend":"tensorflow"',
  '"class_name":"LSTM","return_sequences":false,"recurrent_activation":"hard_sigmoid","unit_forget_bias":true,"class_name":"Embedding","input_dim":,"output_dim":,"mask_zero":false',
  '"class_name":"Concatenate","class_name":"ZeroPadding2D","config":{"padding":[[0,1],[0,1]],"class_name":"ReLU","config":{"max_value":6,"class_name":"Dropout","config":{"rate":0.5,"noise_shape":null,"seed":null,',
  '{"name":"input","class_name":"InputLayer","config":{"batch_input_shape":[null,28,28,1],"dtype":"float32","sparse":false,"name":"input"},"inbound_nodes":[]},',
  '"class_name":"Add","config":{"name":"add","trainable":true},"inbound_nodes":[[["bn",0,0,{}],["add",0,0,{}]]]},{"name":"pool","class_name":"GlobalAveragePooling2D","config":{"data_format":"channels_last","name":"pool","trainable":true},',
  '{"name":"dw","class_name":"DepthwiseConv2D","config":{"depth_multiplier":1,"depthwise_initializer":{"class_name":"VarianceScaling","config":{"scale":2,"mode":"fan_in","distribution":"normal","seed":null}},"depthwise_regularizer":null,"depthwise_constraint":null',
  '{"name":"bn","class_name":"BatchNormalization","config":{"axis":-1,"momentum":0.99,"epsilon":0.001,"center":true,"scale":true,"beta_initializer":{"class_name":"Zeros","config":{}},"gamma_initializer":{"class_name":"Ones","config":{}},"moving_mean_initializer":{"class_name":"Zeros","config":{}},"moving_variance_initializer":{"class_name":"Ones","config":{}},"beta_regularizer":null,"gamma_regularizer":null,"beta_constraint":null,"gamma_constraint":null,"name":"bn","trainable":true},"inbound_nodes":[[["conv",0,0,{}]]]},',
  '{"name":"relu","class_name":"Activation","config":{"activation":"relu","name":"relu","trainable":true},"inbound_nodes":[[["bn",0,0,{}]]]},',
  '{"class_name":"AveragePooling2D","config":{"pool_size":[2,2],{"class_name":"MaxPooling2D","config":{"pool_size":[2,2],"padding":"valid","strides":[2,2],"data_format":"channels_last","name":"pool1","trainable":true}},',
  '{"class_name":"Flatten","config":{"name":"flatten","trainable":true}},',
  '{"class_name":"Conv2D","config":{"filters":32,"kernel_initializer":{"class_name":"GlorotUniform","config":{"class_name":"VarianceScaling","config":{"scale":1,"mode":"fan_avg","distribution":"uniform","seed":null}},"kernel_regularizer":null,"kernel_constraint":null,"kernel_size":[3,3],"strides":[1,1],"padding":"same","data_format":"channels_last","dilation_rate":[1,1],"activation":"linear","use_bias":false,"bias_initializer":{"class_name":"Zeros","config":{}},"bias_regularizer":null,"activity_regularizer":null,"bias_constraint":null,"name":"conv2d_Conv2D1","trainable":true,"batch_input_shape":[null,28,28,1],"dtype":"float32"}},',
  '"layers":[{"class_name":"Dense","config":{"units":10,"activation":"softmax","use_bias":true,"kernel_initializer":{"class_name":"VarianceScaling","config":{"scale":1,"mode":"fan_avg","distribution":"normal","seed":null}},"bias_initializer":{"class_name":"Zeros","config":{}},"kernel_regularizer":null,"bias_regularizer":null,"activity_regularizer":null,"kernel_constraint":null,"bias_constraint":null,"name":"dense_Dense1","trainable":true,"batch_input_shape":[null,784],"dtype":"float32"}}]},',
  '"keras_version":"tfjs-layers 4.22.0","backend":"tensor_flow.js"},"userDefinedMetadata":{"weights":[{"name":"fc/pointwise_kernel","name":"bn/gamma","shape":[16],"dtype":"float32"},{"name":"bn/beta","name":"bn/moving_mean","name":"bn/moving_variance","shape":[64],"dtype":"float32"},{"name":"conv/depthwise_kernel","name":"conv/kernel","shape":[3,3,32,64],"dtype":"float32"},{"name":"fc1/bias","shape":[10],"dtype":"float32"}]}',
  '{"format":"layers-model","generatedBy":"TensorFlow.js tfjs-layers v4.22.0","convertedBy":null,"modelTopology":{"class_name":"Sequential","config":{"name":"sequential_1","layers":[{"class_name":"',
];

export const DICTIONARY = new TextEncoder().encode(PIECES.join(''));
